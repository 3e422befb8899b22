// Errors as the API says them: a Status body with code, reason, message and causes.
import type { Json, JsonObject } from '../../../model/json.ts';

export interface Cause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

interface Details {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

/** An answer other than success. Thrown anywhere below a request, written by the HTTP layer. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly reason: string | undefined;
  readonly details: Details | undefined;

  constructor(code: number, reason: string | undefined, message: string, details?: Details) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export function statusBody(error: StatusError): JsonObject {
  return {
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: error.message,
    ...(error.reason === undefined ? {} : { reason: error.reason }),
    ...(error.details === undefined ? {} : { details: error.details as unknown as JsonObject }),
    code: error.code,
  };
}

/** The object changed while a write was under way; whoever did not name a version tries again. */
export class StaleWrite extends StatusError {
  constructor(reason: StatusError) {
    super(reason.code, reason.reason, reason.message, reason.details);
  }
}

/** What the errors need to know of a resource: `deployments` of `apps`. */
export interface Qualified {
  readonly group: string;
  readonly name: string;
}

function details(resource: Qualified, name: string): Details {
  return { ...(name === '' ? {} : { name }), ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.name };
}

export function qualifiedName(resource: Qualified): string {
  return resource.group === '' ? resource.name : `${resource.name}.${resource.group}`;
}

export function notFound(resource: Qualified, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualifiedName(resource)} ${JSON.stringify(name)} not found`, details(resource, name));
}

export function alreadyExists(resource: Qualified, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualifiedName(resource)} ${JSON.stringify(name)} already exists`, details(resource, name));
}

export function conflict(resource: Qualified, name: string, message: string): StatusError {
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualifiedName(resource)} ${JSON.stringify(name)}: ${message}`, details(resource, name));
}

export function applyConflict(message: string, causes: readonly Cause[]): StatusError {
  return new StatusError(409, 'Conflict', message, { causes });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function forbidden(resource: Qualified, name: string, message: string, causes?: readonly Cause[]): StatusError {
  const where = name === '' ? `${qualifiedName(resource)} is forbidden` : `${qualifiedName(resource)} ${JSON.stringify(name)} is forbidden`;
  return new StatusError(403, 'Forbidden', `${where}: ${message}`, { ...details(resource, name), ...(causes === undefined ? {} : { causes }) });
}

export function methodNotAllowed(resource: Qualified, message: string): StatusError {
  return new StatusError(405, 'MethodNotAllowed', message, details(resource, ''));
}

export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, 'UnsupportedMediaType', message);
}

/** The path leads nowhere: no such group, version, resource or subresource. */
export function pathNotFound(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

// ── field errors ────────────────────────────────────────────────────────────────────────────────────────────────────

/** One thing wrong with one field, said as the API says it. */
export interface FieldError {
  readonly reason: 'FieldValueRequired' | 'FieldValueInvalid' | 'FieldValueNotSupported' | 'FieldValueForbidden' | 'FieldValueDuplicate'
    | 'FieldValueTypeInvalid' | 'FieldValueTooLong' | 'FieldValueTooMany' | 'FieldValueNotFound';
  readonly field: string;
  readonly message: string;
}

/** A value as Go's %#v-like printer of field errors shows it. */
function shown(value: Json): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : typeof value === 'string' ? JSON.stringify(value) : String(value ?? 'null');
}

export const field = {
  required: (path: string, text = ''): FieldError => ({ reason: 'FieldValueRequired', field: path, message: text === '' ? 'Required value' : `Required value: ${text}` }),
  invalid: (path: string, value: Json, text: string): FieldError => ({ reason: 'FieldValueInvalid', field: path, message: `Invalid value: ${shown(value)}: ${text}` }),
  unsupported: (path: string, value: Json, supported: readonly string[]): FieldError => ({
    reason: 'FieldValueNotSupported', field: path,
    message: `Unsupported value: ${shown(value)}: supported values: ${[...supported].map((item) => JSON.stringify(item)).join(', ')}`,
  }),
  forbidden: (path: string, text: string): FieldError => ({ reason: 'FieldValueForbidden', field: path, message: `Forbidden: ${text}` }),
  duplicate: (path: string, value: Json): FieldError => ({ reason: 'FieldValueDuplicate', field: path, message: `Duplicate value: ${shown(value)}` }),
  notFound: (path: string, value: Json): FieldError => ({ reason: 'FieldValueNotFound', field: path, message: `Not found: ${shown(value)}` }),
  typeInvalid: (path: string, value: string, text: string): FieldError => ({ reason: 'FieldValueTypeInvalid', field: path, message: `Invalid value: ${JSON.stringify(value)}: ${text}` }),
  tooLong: (path: string, limit: number): FieldError => ({ reason: 'FieldValueTooLong', field: path, message: `Too long: may not be more than ${limit} bytes` }),
  tooMany: (path: string, count: number, limit: number): FieldError => ({ reason: 'FieldValueTooMany', field: path, message: `Too many: ${count}: must have at most ${limit} items` }),
};

/** 422: the object is understood, and wrong. */
export function invalid(kind: string, group: string, name: string, errors: readonly FieldError[]): StatusError {
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  return new StatusError(422, 'Invalid', `${qualified} ${JSON.stringify(name)} is invalid: ${text ?? ''}`, {
    ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind,
    causes: errors.map((error) => ({ reason: error.reason, message: error.message, field: error.field })),
  });
}

export function isStatus(error: unknown, code: number): error is StatusError {
  return error instanceof StatusError && error.code === code;
}
