// Subresources and kinds that are no stored objects: logs, bindings, evictions, tokens, reviews.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { type Call, objectBody, writeOptions } from './call.ts';
import { type Core, managerOf, timestamp } from './core.ts';
import { decode } from './decode.ts';
import { recordUpdate } from './field-manager.ts';
import { childOf, cloneObject, type Draft, objectAt, objectsAt } from './json.ts';
import { emptyObject } from './read-object.ts';
import { deleteOptions, remove } from './remove.ts';
import { json, type Reply, text } from './reply.ts';
import { badRequest } from './status.ts';
import { current, replace, typingOf, writerOf } from './write.ts';

export interface LogRequest {
  readonly pod: JsonObject;
  readonly container: string;
  readonly previous: boolean;
  readonly tailLines: number | undefined;
  /** Gets lines as they come, until the signal aborts. Undefined: only what is there. */
  readonly follow: { readonly signal: AbortSignal; onLine(line: string): void; onEnd(): void } | undefined;
}

/** The lines that a container has written so far; undefined when it has not started. */
export type LogSource = (request: LogRequest) => readonly string[] | undefined;

function containerOf(pod: JsonObject, wanted: string | null): string {
  const names = [...objectsAt(pod, 'spec', 'initContainers'), ...objectsAt(pod, 'spec', 'containers')].map((container) => String(container['name']));
  const name = stringAt(pod, 'metadata', 'name') ?? '';
  if (wanted !== null && wanted !== '') {
    if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`);
    return wanted;
  }
  const [only, ...others] = objectsAt(pod, 'spec', 'containers').map((container) => String(container['name']));
  if (only === undefined || others.length > 0) {
    const init = objectsAt(pod, 'spec', 'initContainers').map((container) => String(container['name']));
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${[only, ...others].join(' ')}]${init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`}`);
  }
  return only;
}

function logReply(core: Core, call: Call, source: LogSource): Reply {
  const pod = current(core, call.route);
  const { query } = call;
  const container = containerOf(pod, query.get('container'));
  const tail = query.get('tailLines');
  const request = { pod, container, previous: query.get('previous') === 'true', tailLines: tail === null ? undefined : Number(tail), follow: undefined };
  const isScheduled = stringAt(pod, 'spec', 'nodeName') !== undefined;
  if (!isScheduled) return { kind: 'body', status: 204, body: '', type: '' };
  const lines = source(request);
  if (lines === undefined) {
    const reason = objectsAt(pod, 'status', 'containerStatuses').find((status) => status['name'] === container);
    throw badRequest(`container ${JSON.stringify(container)} in pod ${JSON.stringify(call.route.name)} is waiting to start: ${stringAt(reason, 'state', 'waiting', 'reason') ?? 'ContainerCreating'}`);
  }
  if (query.get('follow') !== 'true') return text(lines.map((line) => `${line}\n`).join(''));
  return {
    kind: 'stream', type: 'text/plain',
    start: (write, end) => {
      const stop = new AbortController();
      for (const line of lines) write(`${line}\n`);
      source({ ...request, follow: { signal: stop.signal, onLine: (line) => { write(`${line}\n`); }, onEnd: end } });
      return () => { stop.abort(); };
    },
  };
}

/** Puts a pod on a node, as a scheduler does. */
async function bind(core: Core, call: Call): Promise<Reply> {
  const options = writeOptions(call);
  const old = current(core, call.route);
  const object = cloneObject(old);
  childOf(object, 'spec')['nodeName'] = stringAt(objectBody(call), 'target', 'name') ?? '';
  const conditions = objectsAt(object, 'status', 'conditions').filter((condition) => condition['type'] !== 'PodScheduled');
  childOf(object, 'status')['conditions'] = [...conditions, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(core) }];
  await replace(core, call.route, { object, old }, options);
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

async function evict(core: Core, call: Call): Promise<Reply> {
  await remove(core, { ...call.route, subresource: '' }, deleteOptions(objectAt(objectBody(call), 'deleteOptions'), call.query));
  return json({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

function token(core: Core, call: Call): Reply {
  current(core, call.route);
  const body = objectBody(call);
  const seconds = Number(objectAt(body, 'spec')?.['expirationSeconds'] ?? 3600);
  const expires = `${new Date(core.clock.now() + seconds * 1000).toISOString().slice(0, 19)}Z`;
  // Nothing checks it: the rehearsal lets everybody do everything.
  return json({ ...body, kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', status: { token: `rehearsal-${call.route.name}`, expirationTimestamp: expires } }, 201);
}

/** Namespaces go once their own finalizers are gone. */
async function finalize(core: Core, call: Call): Promise<Reply> {
  const options = writeOptions(call);
  const old = current(core, call.route);
  const object = cloneObject(old);
  const finalizers = objectAt(objectBody(call), 'spec')?.['finalizers'];
  object['spec'] = Array.isArray(finalizers) && finalizers.length > 0 ? { finalizers } : {};
  return json(await replace(core, call.route, { object, old }, options));
}

// ── reviews ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const USER: JsonObject = { username: 'admin', uid: 'admin', groups: ['system:masters', 'system:authenticated'] };

function reviewStatus(core: Core, kind: string): Draft {
  switch (kind) {
    case 'SelfSubjectReview': return { metadata: { creationTimestamp: timestamp(core) }, status: { userInfo: USER } };
    case 'SelfSubjectRulesReview': return { status: { resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }], incomplete: false } };
    case 'TokenReview': return { status: { authenticated: true, user: USER } };
    default: return { status: { allowed: true } };
  }
}

const REVIEWS = new Set(['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview', 'LocalSubjectAccessReview', 'SelfSubjectReview', 'TokenReview']);

function review(core: Core, call: Call): Reply {
  const { resource } = call.route;
  const { object } = decode(resource.schema, objectBody(call));
  recordUpdate(typingOf(core, resource), writerOf(core, call.route, managerOf(call.query.get('fieldManager'), call.userAgent)), emptyObject(resource), object);
  return json({ ...object, kind: resource.kind, apiVersion: `${resource.group}/${resource.version}`, ...reviewStatus(core, resource.kind) }, 201);
}

/** The reply to a call on one of these, or undefined when it is none. */
export async function handleSpecial(core: Core, call: Call, logs: LogSource): Promise<Reply | undefined> {
  const { route: { resource, subresource }, method } = call;
  if (method === 'POST' && REVIEWS.has(resource.kind)) return review(core, call);
  const place = `${resource.storage.key}/${subresource}`;
  if (method === 'GET' && place === 'pods/log') return logReply(core, call, logs);
  if (method === 'POST' && place === 'pods/binding') return bind(core, call);
  if (method === 'POST' && place === 'pods/eviction') return evict(core, call);
  if (method === 'POST' && place === 'serviceaccounts/token') return token(core, call);
  if (method === 'PUT' && place === 'namespaces/finalize') return finalize(core, call);
  return undefined;
}
