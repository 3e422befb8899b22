// KubeClient over raw JSON: no typed model, so no field is ever lost.
import type { KubernetesAccess } from '../model/access.ts';
import { isDevstackError } from '../model/error.ts';
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { FIELD_MANAGER } from '../model/label.ts';
import {
  arrayAt, type GroupVersionKind, isKubeObject, type KubeObject, type ObjectRef, refOf, refText, stringAt,
} from '../model/object.ts';
import type { Clock, KubeClient, ListOptions, WatchEvent, WatchOptions } from '../ports.ts';
import { hasCode, type Reply, replyError } from './failure.ts';
import { Discovery, objectPath, pathOf, type Resource } from './resource.ts';
import { type Call, linesOf, type Transport } from './transport.ts';
import { watchObjects } from './watch.ts';

/** One page of a list; a node's worth of objects fits in one. */
const PAGE = 500;
/** After this the server ends a watch and we begin the next one: a dead connection is never older. */
const WATCH_SECONDS = 60;
/** The server says something at least this often, or the connection is dead. */
const WATCH_IDLE_MS = 90_000;

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

type Query = { readonly [name: string]: string | number | undefined };

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

function parseObject(reply: Reply, what: string): KubeObject {
  const value = JSON.parse(reply.body) as Json;
  if (!isKubeObject(value)) throw replyError(reply, what);
  return value;
}

function kindText(kind: GroupVersionKind): string {
  return `${kind.kind.toLowerCase()} of ${kind.apiVersion}`;
}

export class ApiClient implements KubeClient {
  readonly access: KubernetesAccess;
  readonly #transport: Transport;
  readonly #discovery: Discovery;
  readonly #clock: Clock;

  constructor(access: KubernetesAccess, transport: Transport, clock: Clock) {
    this.access = access;
    this.#transport = transport;
    this.#clock = clock;
    this.#discovery = new Discovery(async (path, signal) => {
      const reply = await transport.request({ method: 'GET', path, signal });
      if (reply.status === 404) return undefined;
      return this.#json(reply, `the kinds of ${path}`);
    });
  }

  get requests(): { readonly total: number; readonly writes: number } {
    return { ...this.#transport.counts };
  }

  async version(signal?: AbortSignal): Promise<string> {
    const reply = await this.#transport.request({ method: 'GET', path: '/version', signal });
    return stringAt(this.#json(reply, 'the version'), 'gitVersion') ?? '';
  }

  async get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined> {
    const resource = await this.#discovery.resolve(ref, signal);
    if (resource === undefined) return undefined;
    const reply = await this.#transport.request({ method: 'GET', path: objectPath(ref, resource), signal });
    return reply.status === 404 ? undefined : parseObject(this.#ok(reply, refText(ref)), refText(ref));
  }

  async list(
    kind: GroupVersionKind, options: ListOptions = {}, signal?: AbortSignal,
  ): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }> {
    const resource = await this.#discovery.resolve(kind, signal);
    if (resource === undefined) return { items: [], resourceVersion: '' };
    for (;;) {
      try {
        return await this.#pages(kind, resource, options, signal);
      } catch (error) {
        if (hasCode(error, 'kube-unknown-kind', 'kube-not-found')) return { items: [], resourceVersion: '' };
        // The version that the pages were read at is gone: begin again with the newest.
        if (!hasCode(error, 'kube-expired')) throw error;
      }
    }
  }

  async apply(
    object: KubeObject, options: { readonly force?: boolean; readonly dryRun?: boolean } = {}, signal?: AbortSignal,
  ): Promise<KubeObject> {
    const ref = refOf(object);
    const path = withQuery(objectPath(ref, await this.#resource(ref, signal)), {
      fieldManager: FIELD_MANAGER, force: options.force === true ? 'true' : undefined, dryRun: options.dryRun === true ? 'All' : undefined,
      // A field that the server does not know is a mistake to tell, not a field to drop.
      fieldValidation: 'Strict',
    });
    const reply = await this.#transport.request({
      // JSON is YAML: the server reads it as it is.
      method: 'PATCH', path, body: JSON.stringify(object), contentType: 'application/apply-patch+yaml', signal, dryRun: options.dryRun === true,
    });
    return parseObject(this.#ok(reply, refText(ref)), refText(ref));
  }

  async create(object: KubeObject, signal?: AbortSignal): Promise<KubeObject> {
    const ref = refOf(object);
    const resource = await this.#resource(ref, signal);
    objectPath(ref, resource); // throws when the namespace is missing
    const path = withQuery(pathOf(ref.apiVersion, resource, { namespace: ref.namespace }), { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' });
    const reply = await this.#transport.request({ method: 'POST', path, body: JSON.stringify(object), signal });
    return parseObject(this.#ok(reply, refText(ref)), refText(ref));
  }

  async patch(ref: ObjectRef, patch: JsonObject, options: { readonly subresource?: string } = {}, signal?: AbortSignal): Promise<KubeObject> {
    const resource = await this.#resource(ref, signal);
    const path = withQuery(objectPath(ref, resource, options.subresource), { fieldManager: FIELD_MANAGER });
    const reply = await this.#transport.request({
      method: 'PATCH', path, body: JSON.stringify(patch), contentType: 'application/merge-patch+json', signal,
    });
    return parseObject(this.#ok(reply, refText(ref)), refText(ref));
  }

  async delete(
    ref: ObjectRef, options: NonNullable<Parameters<KubeClient['delete']>[1]> = {}, signal?: AbortSignal,
  ): Promise<boolean> {
    const resource = await this.#discovery.resolve(ref, signal);
    if (resource === undefined) return false;
    const body = {
      apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: options.propagation ?? 'Background',
      ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
      ...(options.graceSeconds === undefined ? {} : { gracePeriodSeconds: options.graceSeconds }),
    };
    const reply = await this.#transport.request({ method: 'DELETE', path: objectPath(ref, resource), body: JSON.stringify(body), signal });
    // 409: the name belongs to a successor now; what was to be deleted is gone.
    if (reply.status === 404 || (reply.status === 409 && options.uid !== undefined)) return false;
    this.#ok(reply, refText(ref));
    return true;
  }

  watch(kind: GroupVersionKind, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return watchObjects({
      kind, clock: this.#clock, signal,
      list: () => this.list(kind, options, signal),
      onListed: () => options.onListed?.(),
      open: async (resourceVersion) => {
        const resource = await this.#resource(kind, signal);
        return this.#lines({
          method: 'GET', signal, idleMs: WATCH_IDLE_MS, ...(options.metadataOnly === true ? { accept: METADATA } : {}),
          path: withQuery(pathOf(kind.apiVersion, resource, { namespace: options.namespace }), {
            watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: WATCH_SECONDS, resourceVersion,
            labelSelector: options.labelSelector, fieldSelector: options.fieldSelector,
          }),
        }, kindText(kind));
      },
    });
  }

  async logs(
    pod: ObjectRef, options: { readonly container?: string; readonly tailLines?: number; readonly previous?: boolean }, signal?: AbortSignal,
  ): Promise<string> {
    const path = withQuery(objectPath(pod, { plural: 'pods', namespaced: true }, 'log'), {
      container: options.container, tailLines: options.tailLines, previous: options.previous === true ? 'true' : undefined,
    });
    return this.#ok(await this.#transport.request({ method: 'GET', path, accept: '*/*', signal }), `log of ${refText(pod)}`).body;
  }

  async* followLogs(
    pod: ObjectRef, options: { readonly container?: string; readonly tailLines?: number }, signal: AbortSignal,
  ): AsyncGenerator<string> {
    const path = withQuery(objectPath(pod, { plural: 'pods', namespaced: true }, 'log'), {
      container: options.container, tailLines: options.tailLines, follow: 'true',
    });
    try {
      yield* await this.#lines({ method: 'GET', path, accept: '*/*', idleMs: 0, signal }, `log of ${refText(pod)}`);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async raw(method: string, path: string, body?: Json, signal?: AbortSignal): Promise<{ readonly status: number; readonly body: string }> {
    const { status, body: text } = await this.#transport.request({
      method: method as Call['method'], path, signal, retry: false, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      contentType: method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    });
    return { status, body: text };
  }

  async callService(
    { namespace, name, port }: Parameters<KubeClient['callService']>[0], { method, path, ...rest }: Parameters<KubeClient['callService']>[1], signal?: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string }> {
    const proxied = `/api/v1/namespaces/${encodeURIComponent(namespace)}/services/http:${encodeURIComponent(name)}:${port}/proxy${path}`;
    const { status, body } = await this.#transport.request({ method, path: proxied, accept: '*/*', signal, retry: false, ...rest });
    return { status, body };
  }

  close(): void {
    this.#transport.close();
  }

  async #resource(kind: GroupVersionKind, signal?: AbortSignal): Promise<Resource> {
    const resource = await this.#discovery.resolve(kind, signal);
    if (resource === undefined) throw replyError({ status: 404, headers: {}, body: '' }, kindText(kind));
    return resource;
  }

  async #pages(
    kind: GroupVersionKind, resource: Resource, options: ListOptions, signal: AbortSignal | undefined,
  ): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }> {
    const items: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const path = withQuery(pathOf(kind.apiVersion, resource, { namespace: options.namespace }), {
        limit: PAGE, continue: next, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector,
      });
      const reply = await this.#transport.request({ method: 'GET', path, signal, ...(options.metadataOnly === true ? { accept: METADATA_LIST } : {}) });
      const page = this.#json(reply, kindText(kind));
      // Taken for an empty list, anything else would look as if all objects had been deleted.
      if (stringAt(page, 'kind')?.endsWith('List') !== true) throw replyError({ ...reply, status: 502, body: '' }, kindText(kind));
      for (const item of arrayAt(page, 'items')) {
        // Lists leave out the kind of their items, or say PartialObjectMetadata.
        const object = { ...(isJsonObject(item) ? item : {}), apiVersion: kind.apiVersion, kind: kind.kind };
        if (isKubeObject(object)) items.push(object);
      }
      next = stringAt(page, 'metadata', 'continue');
      if (next === undefined || next === '') return { items, resourceVersion: stringAt(page, 'metadata', 'resourceVersion') ?? '' };
    }
  }

  async #lines(call: Call, what: string): Promise<AsyncGenerator<string>> {
    const answer = await this.#transport.stream(call);
    if ('reply' in answer) throw replyError(answer.reply, what);
    return linesOf(answer.message, this.#transport.server);
  }

  #ok(reply: Reply, what: string): Reply {
    if (reply.status >= 300) throw replyError(reply, what);
    return reply;
  }

  #json(reply: Reply, what: string): Json {
    const { body } = this.#ok(reply, what);
    try {
      return JSON.parse(body) as Json;
    } catch (error) {
      if (isDevstackError(error)) throw error;
      throw replyError({ ...reply, status: 502, body: '' }, what);
    }
  }
}
