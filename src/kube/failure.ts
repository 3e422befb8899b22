// What the API server says in a failure, as a DevstackError: short, with kind and name, never a header or a body.
import { DevstackError, failedError, preconditionError } from '../model/error.ts';
import { isJsonObject, type Json, parseJson } from '../model/json.ts';
import { arrayAt, at, stringAt } from '../model/object.ts';

export interface Reply {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
}

/** A field that another manager owns. */
export interface Conflict {
  readonly manager: string;
  readonly subresource?: string;
  /** As the server writes it: `.spec.template.spec.containers[name="app"].image`. */
  readonly field: string;
}

const MAX_MESSAGE = 400;

/** One printable line: no control characters, single spaces, cut at a length. */
export function oneLine(text: string, limit = MAX_MESSAGE): string {
  // Text from the cluster may try to steer the terminal.
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+/g, ' ').replace(/ {2,}/g, ' ').trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}

/** The Status object in a body, or undefined for anything else (plain text of a path that does not exist, a proxy's page). */
export function parseStatus(body: string): Json | undefined {
  if (!body.startsWith('{')) return undefined;
  const value = parseJson(body);
  return isJsonObject(value) && value['kind'] === 'Status' ? value : undefined;
}

function conflictsOf(status: Json | undefined): readonly Conflict[] {
  return arrayAt(status, 'details', 'causes').flatMap((cause) => {
    if (stringAt(cause, 'reason') !== 'FieldManagerConflict') return [];
    const message = stringAt(cause, 'message') ?? '';
    const manager = /^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1];
    const subresource = /^conflict with "(?:[^"\\]|\\.)*" with subresource "([^"]*)"/.exec(message)?.[1];
    const field = stringAt(cause, 'field');
    if (manager === undefined || field === undefined) return [];
    return [subresource === undefined ? { manager, field } : { manager, subresource, field }];
  });
}

/** The conflicts that a `kube-conflict` error carries in its details. */
export function conflictsIn(error: DevstackError): readonly Conflict[] {
  return (arrayAt(error.details, 'conflicts') as readonly Json[]).flatMap((entry) => {
    const manager = stringAt(entry, 'manager');
    const field = stringAt(entry, 'field');
    const subresource = stringAt(entry, 'subresource');
    if (manager === undefined || field === undefined) return [];
    return [subresource === undefined ? { manager, field } : { manager, field, subresource }];
  });
}

const WEBHOOK_FAILED = /failed calling webhook "([^"]+)"|conversion webhook for ([^\s:]+)(?:, Kind=\S+)? failed/;
const WEBHOOK_URL = /https:\/\/([a-z0-9-]+)\.([a-z0-9-]+)\.svc/;

interface Failing {
  readonly what: string;
  readonly message: string;
  readonly status: Json | undefined;
  readonly code: number;
}

function conflictError({ what, message, status }: Failing): DevstackError {
  const conflicts = conflictsOf(status);
  if (stringAt(status, 'reason') === 'AlreadyExists') return failedError({ code: 'kube-exists', message: `${what}: it exists already` });
  const managers = [...new Set(conflicts.map((conflict) => conflict.manager))];
  return failedError({
    code: 'kube-conflict',
    message: conflicts.length === 0 ? `${what}: ${message}` : `${what}: ${managers.join(', ')} changed what devstack set`,
    ...(conflicts.length === 0 ? {} : { reason: conflicts.map((conflict) => conflict.field).join(', ') }),
    details: {
      managers, fields: conflicts.map((conflict) => conflict.field),
      conflicts: conflicts.map(({ manager, field, subresource }) => ({ manager, field, ...(subresource === undefined ? {} : { subresource }) })),
    },
  });
}

/** The server shows a refused value whole, be it a pod template: what counts is what it says about it. */
function causeText(message: string): string {
  const verdict = /^(Invalid value|Unsupported value): .{80,}: ([^:]+)$/s.exec(message);
  return oneLine(verdict === null ? message : `${verdict[1]}: ${verdict[2]}`, 200);
}

function invalidError({ what, message, status }: Failing): DevstackError {
  const causes = arrayAt(status, 'details', 'causes').map((cause) => ({
    field: stringAt(cause, 'field') ?? '', message: causeText(stringAt(cause, 'message') ?? ''),
  }));
  return failedError({
    code: 'kube-invalid', message: `${what} is not valid`,
    reason: causes.length === 0 ? message : causes.map((cause) => `${cause.field}: ${cause.message}`).join('; '),
    details: { causes },
  });
}

function webhookError({ what, message }: Failing): DevstackError {
  const name = WEBHOOK_FAILED.exec(message);
  const service = WEBHOOK_URL.exec(message);
  // The server's text ends in the plain reason: `dial tcp 10.96.1.2:443: connect: connection refused`.
  const reason = /(?:dial|read|write) tcp .*|context deadline exceeded.*|x509: .*|service "[^"]+" not found|no endpoints available.*|EOF$/.exec(message)?.[0];
  return failedError({
    code: 'kube-webhook', message: `${what}: webhook ${name?.[1] ?? name?.[2] ?? ''} does not answer`, reason: reason ?? message,
    details: {
      webhook: name?.[1] ?? name?.[2] ?? '',
      ...(service === null ? {} : { service: service[1] ?? '', namespace: service[2] ?? '' }),
    },
  });
}

/** @param what is what was tried, as a person says it: `deployment knative-serving/webhook`. */
export function replyError(reply: Reply, what: string): DevstackError {
  const status = parseStatus(reply.body);
  const message = oneLine(stringAt(status, 'message') ?? `the server answered ${reply.status}`);
  const failing: Failing = { what, message, status, code: reply.status };
  if (WEBHOOK_FAILED.test(message)) return webhookError(failing);
  // A webhook or policy that says no: the object is at fault, not the caller's rights.
  if (/denied the request|denied request:/.test(message)) {
    return failedError({ code: 'kube-invalid', message: `${what} was refused`, reason: message, details: { causes: [] } });
  }
  // Server-side apply calls a field that the kind does not have an error of its own (500).
  const unknownField = /(\S+: field not declared in schema|strict decoding error: .*)$/.exec(message)?.[1];
  if (unknownField !== undefined) return invalidError({ ...failing, message: unknownField });
  switch (reply.status) {
    case 401: return failedError({ code: 'kube-unauthorized', message: `${what}: the API server does not accept these credentials` });
    case 403: return failedError({ code: 'kube-forbidden', message: `${what}: not allowed`, reason: message });
    case 404:
      return status === undefined
        ? failedError({ code: 'kube-unknown-kind', message: `${what}: the API server does not know this kind` })
        : failedError({ code: 'kube-not-found', message: `${what}: ${message}` });
    case 409: return conflictError(failing);
    case 410: return failedError({ code: 'kube-expired', message: `${what}: ${message}` });
    case 400: case 422: return invalidError(failing);
    default: return failedError({ code: 'kube-error', message: `${what}: ${message}`, details: { status: reply.status } });
  }
}

function codeOf(error: unknown): string {
  const code = at(error, 'code');
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
}

const UNTRUSTED = /CERT|VERIFY|SELF_SIGNED|ALTNAME/;

/** A request that got no answer. */
export function unreachableError(error: unknown, server: string): DevstackError {
  const code = codeOf(error);
  const reason = error instanceof Error ? oneLine(error.message, 200) : code;
  return preconditionError({
    code: 'kube-unreachable',
    message: UNTRUSTED.test(code) ? `the API server at ${server} is not the one of this kubeconfig` : `the API server at ${server} does not answer`,
    reason, details: { reason: code },
  });
}

export function hasCode(error: unknown, ...codes: readonly string[]): error is DevstackError {
  return error instanceof DevstackError && codes.includes(error.code);
}
