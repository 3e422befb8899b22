// Label and field selectors: parsed with the API's errors, then asked about one object after the other.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { objectAt } from './json.ts';
import { badRequest } from './status.ts';
import { isLabelValue, qualifiedNameProblem } from './validation/names.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | 'exists' | '!' | '>' | '<';
  readonly values: readonly string[];
}

export type LabelSelector = readonly Requirement[];
type Labels = { readonly [key: string]: unknown };

const TOKEN = /\s*(notin\b|in\b|==|!=|[=!,()<>]|[^\s=!,()<>]+)/gy;

function tokens(text: string): readonly string[] {
  return [...text.matchAll(TOKEN)].map((match) => match[1] ?? '');
}

function wrong(text: string): Error {
  return badRequest(`unable to parse requirement: ${text}`);
}

class SelectorParser {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  #take(): string {
    this.#next += 1;
    return this.#tokens[this.#next - 1] ?? '';
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? '';
  }

  parse(): LabelSelector {
    const result: Requirement[] = [];
    if (this.#tokens.length === 0) return result;
    for (;;) {
      result.push(this.#requirement());
      const separator = this.#take();
      if (separator === '') return result;
      if (separator !== ',') throw badRequest(`found '${separator}', expected: ',' or 'end of string'`);
      if (this.#peek() === '') throw badRequest("found '', expected: identifier after ','");
    }
  }

  #requirement(): Requirement {
    const isNot = this.#peek() === '!';
    if (isNot) this.#take();
    const key = this.#take();
    const problem = qualifiedNameProblem(key);
    if (problem !== undefined) throw wrong(`<nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`);
    if (isNot) return { key, operator: '!', values: [] };
    const operator = this.#peek();
    if (operator === '' || operator === ',') return { key, operator: 'exists', values: [] };
    this.#take();
    if (operator === 'in' || operator === 'notin') return { key, operator, values: this.#set() };
    if (operator === '=' || operator === '==') return { key, operator: 'in', values: [this.#value()] };
    if (operator === '!=') return { key, operator: 'notin', values: [this.#value()] };
    if (operator === '>' || operator === '<') return { key, operator, values: [this.#value()] };
    throw wrong(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  #value(): string {
    if (this.#peek() === '' || this.#peek() === ',') return '';
    const value = this.#take();
    if (!isLabelValue(value)) throw wrong(`values[0][]: Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters`);
    return value;
  }

  #set(): readonly string[] {
    const open = this.#take();
    if (open !== '(') throw wrong(`found '${open}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (token === ')') return values.length === 0 ? [''] : values;
      if (token === '') throw wrong("found '', expected: ',', or ')'");
      if (token !== ',') values.push(token);
    }
  }
}

export function parseLabelSelector(text: string): LabelSelector {
  return new SelectorParser(text).parse();
}

function meets(requirement: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, requirement.key) ? String(labels[requirement.key]) : undefined;
  switch (requirement.operator) {
    case 'in': return value !== undefined && requirement.values.includes(value);
    case 'notin': return value === undefined || !requirement.values.includes(value);
    case 'exists': return value !== undefined;
    case '!': return value === undefined;
    case '>': return value !== undefined && Number(value) > Number(requirement.values[0]);
    case '<': return value !== undefined && Number(value) < Number(requirement.values[0]);
  }
}

export function matchesLabels(selector: LabelSelector, labels: Labels | undefined): boolean {
  return selector.every((requirement) => meets(requirement, labels ?? {}));
}

const OPERATORS: { readonly [operator: string]: Requirement['operator'] } = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

/** `spec.selector` of workloads: matchLabels and matchExpressions. */
export function selectorOf(selector: JsonObject | undefined): LabelSelector {
  const labels = Object.entries(objectAt(selector, 'matchLabels') ?? {}).map(([key, value]): Requirement => ({ key, operator: 'in', values: [String(value)] }));
  const expressions = selector?.['matchExpressions'];
  const list = Array.isArray(expressions) ? expressions as readonly JsonObject[] : [];
  return [...labels, ...list.map((expression): Requirement => ({
    key: String(expression['key']), operator: OPERATORS[String(expression['operator'])] ?? 'exists',
    values: Array.isArray(expression['values']) ? expression['values'].map(String) : [],
  }))];
}

export interface FieldRequirement {
  readonly path: string;
  readonly value: string;
  readonly isEqual: boolean;
}

/** Fields of built-in kinds that can be selected by, beside name and namespace. */
const SELECTABLE: { readonly [storage: string]: readonly string[] } = {
  pods: ['spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName', 'spec.hostNetwork', 'status.phase', 'status.podIP', 'status.nominatedNodeName'],
  events: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid', 'involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'reportingComponent', 'source', 'type'],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
  replicationcontrollers: ['status.replicas'],
  'jobs.batch': ['status.successful'],
};

export function parseFieldSelector(text: string, storage: string, custom: readonly string[]): readonly FieldRequirement[] {
  if (text === '') return [];
  const known = ['metadata.name', 'metadata.namespace', ...SELECTABLE[storage] ?? [], ...custom];
  return text.split(',').filter((part) => part !== '').map((part) => {
    const match = /^([^=!]+)(==|!=|=)(.*)$/.exec(part);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, path = '', operator, value = ''] = match;
    if (!known.includes(path)) throw badRequest(unknownField(path, storage));
    return { path, value: value.replace(/\\([\\,=])/g, '$1'), isEqual: operator !== '!=' };
  });
}

function unknownField(path: string, storage: string): string {
  if (SELECTABLE[storage] !== undefined) return `field label not supported: ${path}`;
  return `${JSON.stringify(path)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

function fieldValue(object: JsonObject, path: string): string {
  if (path === 'source') return stringAt(object, 'source', 'component') ?? '';
  if (path === 'status.successful') return String(objectAt(object, 'status')?.['succeeded'] ?? 0);
  const parts = path.split('.');
  let current: unknown = object;
  for (const part of parts) current = (current as Record<string, unknown> | undefined)?.[part];
  return current === undefined || current === null ? (path === 'spec.hostNetwork' || path === 'spec.unschedulable' ? 'false' : '') : String(current);
}

export function matchesFields(selector: readonly FieldRequirement[], object: JsonObject): boolean {
  return selector.every(({ path, value, isEqual }) => (fieldValue(object, path) === value) === isEqual);
}
