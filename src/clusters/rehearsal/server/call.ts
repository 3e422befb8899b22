// One HTTP request as the handlers see it: target, query, headers, and a body that is read once.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import type { Yaml } from '../../../ports.ts';
import { managerOf, type WriteOptions } from './core.ts';
import type { Route } from './route.ts';
import { badRequest, field, invalid, type StatusError, unsupportedMediaType } from './status.ts';

export interface Call {
  readonly method: string;
  readonly route: Route;
  readonly query: URLSearchParams;
  readonly accept: string | undefined;
  readonly contentType: string;
  readonly userAgent: string | undefined;
  readonly text: string;
  readonly yaml: Yaml | undefined;
  /** What the client is told beside the answer, also when that is an error. */
  readonly warnings: string[];
}

const KINDS: { readonly [method: string]: string } = { POST: 'CreateOptions', PUT: 'UpdateOptions', PATCH: 'PatchOptions' };

/** Throws 422 for options that do not exist. */
export function writeOptions(call: Call): WriteOptions {
  const { query } = call;
  const kind = KINDS[call.method] ?? 'CreateOptions';
  const validation = query.get('fieldValidation') ?? '';
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  if (dryRun.some((value) => value !== 'All')) throw invalid(kind, 'meta.k8s.io', '', [field.unsupported('dryRun', dryRun, ['All'])]);
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation)) throw invalid(kind, 'meta.k8s.io', '', [field.unsupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn'])]);
  return {
    manager: managerOf(query.get('fieldManager'), call.userAgent), dryRun: dryRun.length > 0,
    validation: validation === '' ? 'Warn' : validation as 'Ignore' | 'Strict' | 'Warn', warnings: call.warnings,
  };
}

function parseYaml(call: Call, text: string): Json {
  if (call.yaml === undefined) throw unsupportedMediaType('the rehearsal server reads YAML only when it is given a reader; send JSON');
  const [first] = call.yaml.parseAll(text, 'the body of the request');
  return first ?? null;
}

/** JavaScript's complaint in Go's words, as far as clients can see them. */
function jsonProblem(text: string): string {
  if (text === '') return 'unexpected end of JSON input';
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return /end of JSON input|Unterminated|Expected .* at position \d+$/.test(message) && isCut(text) ? 'unexpected end of JSON input' : `invalid character '${text.trim().charAt(0)}' looking for beginning of value`;
  }
}

const isCut = (text: string): boolean => /^[[{]/.test(text.trim());

/** The body of a create or an update. Throws 400 and 415 as the real server does. */
export function objectBody(call: Call): JsonObject {
  const type = call.contentType;
  const isYaml = type === 'application/yaml';
  if (type !== 'application/json' && type !== '' && !isYaml) {
    throw unsupportedMediaType('the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf');
  }
  const kind = call.route.resource.kind;
  const unrecognised = (problem: string, shown: string): StatusError => badRequest(`the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${problem} (${shown})`);
  const problem = isYaml ? '' : jsonProblem(call.text);
  if (problem !== '') throw unrecognised(problem, call.text === '' ? '<empty>' : call.text.slice(0, 32));
  const value = isYaml ? parseYaml(call, call.text) : JSON.parse(call.text) as Json;
  if (isJsonObject(value)) return value;
  throw unrecognised(`json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`, Buffer.from(call.text.slice(0, 32)).toString('hex'));
}

/** The body of a patch, whatever its shape. */
export function patchBody(call: Call): Json {
  try {
    return JSON.parse(call.text) as Json;
  } catch {
    throw badRequest(`error decoding patch: invalid character '${call.text.charAt(1)}' in literal null (expecting 'u')`);
  }
}

/** The configuration of an apply: YAML, of which JSON is a part. */
export function appliedBody(call: Call): JsonObject {
  let value: Json;
  try {
    value = JSON.parse(call.text) as Json;
  } catch {
    value = parseYaml(call, call.text);
  }
  if (isJsonObject(value)) return value;
  throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`);
}

/** DeleteOptions, when there are any. */
export function optionalBody(call: Call): JsonObject | undefined {
  if (call.text === '') return undefined;
  try {
    const value = JSON.parse(call.text) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    throw badRequest('the DeleteOptions of the request cannot be read');
  }
}
