// Names, labels and annotations: which are allowed, in the words of the API.
import { isJsonObject, type Json, type JsonObject } from '../../../../model/json.ts';
import { type FieldError, field } from '../status.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const DNS1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const VALUE = `(${QUALIFIED})?`;

const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text);
const tooLong = (limit: number): string => `must be no more than ${limit} characters`;
const bytesTooLong = (limit: number): string => `must be no more than ${limit} bytes`;

/** What is wrong with a name; empty when nothing is. */
export type NameRule = (name: string, isPrefix?: boolean) => readonly string[];

const prefixed = (name: string, isPrefix: boolean): string => (isPrefix && name.endsWith('-') ? `${name.slice(0, -1)}a` : name);

export const subdomain: NameRule = (name, isPrefix = false) => {
  const text = prefixed(name, isPrefix);
  return [
    ...text.length > 253 ? [tooLong(253)] : [],
    ...matches(SUBDOMAIN, text) ? [] : [`a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`],
  ];
};

export const label: NameRule = (name, isPrefix = false) => {
  const text = prefixed(name, isPrefix);
  return [
    ...text.length > 63 ? [tooLong(63)] : [],
    ...matches(LABEL, text) ? [] : [`a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`],
  ];
};

export const serviceName: NameRule = (name, isPrefix = false) => {
  const text = prefixed(name, isPrefix);
  return [
    ...text.length > 63 ? [tooLong(63)] : [],
    ...matches(DNS1035, text) ? [] : [`a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${DNS1035}')`],
  ];
};

export const pathSegment: NameRule = (name) => [
  ...name === '.' || name === '..' ? [`may not be '${name}'`] : [],
  ...name.includes('/') ? ["may not contain '/'"] : [],
  ...name.includes('%') ? ["may not contain '%'"] : [],
];

/** CronJobs make Jobs with longer names. */
export const cronJobName: NameRule = (name, isPrefix = false) => [
  ...subdomain(name, isPrefix), ...name.length > 52 ? [tooLong(52)] : [],
];

/** Undefined when the key of a label or annotation is right. */
export function qualifiedNameProblem(key: string): string | undefined {
  const slash = key.indexOf('/');
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)];
  if (name.includes('/')) {
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  }
  if (prefix === '') return 'prefix part must be non-empty';
  const prefixProblem = prefix === undefined ? undefined : subdomain(prefix)[0];
  if (prefixProblem !== undefined) return `prefix part ${prefixProblem}`;
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return `name part ${bytesTooLong(63)}`;
  if (!matches(QUALIFIED, name)) return `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
  return undefined;
}

export function isLabelValue(value: string): boolean {
  return value.length <= 63 && matches(VALUE, value);
}

function labelValueProblems(value: string): readonly string[] {
  return [
    ...value.length > 63 ? [bytesTooLong(63)] : [],
    ...matches(VALUE, value) ? [] : [`a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${VALUE}')`],
  ];
}

export function labelErrors(labels: Json | undefined, path: string): readonly FieldError[] {
  if (!isJsonObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const problem = qualifiedNameProblem(key);
    return [
      ...problem === undefined ? [] : [field.invalid(path, key, problem)],
      ...labelValueProblems(String(value)).map((text) => field.invalid(path, String(value), text)),
    ];
  });
}

const MAX_ANNOTATIONS = 262_144;

function annotationErrors(annotations: Json | undefined, path: string): readonly FieldError[] {
  if (!isJsonObject(annotations)) return [];
  const errors = Object.keys(annotations).flatMap((key) => {
    const problem = qualifiedNameProblem(key.toLowerCase());
    return problem === undefined ? [] : [field.invalid(path, key, problem)];
  });
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)), 0);
  return size > MAX_ANNOTATIONS ? [...errors, field.tooLong(path, MAX_ANNOTATIONS)] : errors;
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function finalizerErrors(finalizers: Json | undefined, path: string, isCustom: boolean): readonly FieldError[] {
  if (!Array.isArray(finalizers)) return [];
  return finalizers.flatMap((finalizer: Json, index) => {
    const name = String(finalizer);
    const problem = qualifiedNameProblem(name);
    if (problem !== undefined) return [field.invalid(`${path}[${index}]`, name, problem)];
    // Those of custom resources may be any qualified name.
    return isCustom || name.includes('/') || STANDARD_FINALIZERS.has(name) ? [] : [field.invalid(`${path}[${index}]`, name, 'name is neither a standard finalizer name nor is it fully qualified')];
  });
}

function ownerErrors(owners: Json | undefined, path: string): readonly FieldError[] {
  if (!Array.isArray(owners)) return [];
  const list = owners as readonly JsonObject[];
  const errors = list.flatMap((owner) => (['apiVersion', 'kind', 'name', 'uid'] as const).flatMap((key) => {
    if (owner[key] !== '' && owner[key] !== undefined) return [];
    return [field.invalid(`${path}.${key}`, String(owner[key] ?? ''), key === 'apiVersion' ? 'version must not be empty' : 'must not be empty')];
  }));
  const controllers = list.filter((owner) => owner['controller'] === true).map((owner) => `${String(owner['kind'])}/${String(owner['name'])}`);
  return controllers.length < 2 ? errors
    : [...errors, field.invalid(path, ownersInOrder(list), `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${controllers[1]}`)];
}

/** In the order of Go's struct, which the message shows. */
function ownersInOrder(owners: readonly JsonObject[]): Json {
  return owners.map((owner) => Object.fromEntries(['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'].filter((key) => owner[key] !== undefined).map((key) => [key, owner[key] ?? null])));
}

/** Everything that holds for the metadata of any object. */
export function metadataErrors(metadata: JsonObject, rule: NameRule, kind: { readonly namespaced: boolean; readonly custom: unknown }): readonly FieldError[] {
  const isNamespaced = kind.namespaced;
  const [name, generateName, namespace] = [String(metadata['name'] ?? ''), String(metadata['generateName'] ?? ''), String(metadata['namespace'] ?? '')];
  const errors: FieldError[] = [];
  if (generateName !== '') errors.push(...rule(generateName, true).map((text) => field.invalid('metadata.generateName', generateName, text)));
  if (name === '') errors.push(field.required('metadata.name', 'name or generateName is required'));
  else errors.push(...rule(name).map((text) => field.invalid('metadata.name', name, text)));
  if (isNamespaced && namespace === '') errors.push(field.required('metadata.namespace'));
  if (!isNamespaced && namespace !== '') errors.push(field.forbidden('metadata.namespace', 'not allowed on this type'));
  return [
    ...errors, ...labelErrors(metadata['labels'], 'metadata.labels'), ...annotationErrors(metadata['annotations'], 'metadata.annotations'),
    ...ownerErrors(metadata['ownerReferences'], 'metadata.ownerReferences'), ...finalizerErrors(metadata['finalizers'], 'metadata.finalizers', kind.custom !== undefined),
  ];
}
