// Watches: what is there, then what happens, as one JSON object for each line.
import type { JsonObject } from '../../../model/json.ts';
import type { Form } from './accept.ts';
import type { Core, Target } from './core.ts';
import { objectAt } from './json.ts';
import { metadataOf, type Selection, selectionOf, selects, shown } from './list.ts';
import type { StreamReply } from './reply.ts';
import { apiVersionOf } from './resource.ts';
import { badRequest, StatusError, statusBody } from './status.ts';
import type { StoreEvent } from './store.ts';
import { tableOf } from './table.ts';

const BOOKMARK_MS = 60_000;
/** Without a wish of the client: half an hour, as long as the real server's shortest. */
const DEFAULT_TIMEOUT_S = 1800;

interface WatchRequest {
  readonly core: Core;
  readonly target: Target;
  readonly selection: Selection;
  readonly form: Form;
  readonly write: (chunk: string) => void;
}

function eventLine(type: string, object: JsonObject): string {
  return `${JSON.stringify({ type, object })}\n`;
}

function inForm(request: WatchRequest, object: JsonObject): JsonObject {
  const { target: { resource }, form } = request;
  const seen = shown(request.core, resource, object);
  if (form === 'table') return tableOf(resource, [seen], { now: request.core.clock.now(), metadata: { resourceVersion: objectAt(seen, 'metadata')?.['resourceVersion'] ?? '' }, include: 'Metadata' });
  return form === 'object' ? seen : metadataOf(seen);
}

function send(request: WatchRequest, event: StoreEvent): void {
  const { selection, target } = request;
  if (target.namespace !== '' && objectAt(event.object, 'metadata')?.['namespace'] !== target.namespace) return;
  const isIn = event.type !== 'DELETED' && selects(selection, event.object);
  const wasIn = event.previous !== undefined && selects(selection, event.previous);
  if (isIn) request.write(eventLine(wasIn ? 'MODIFIED' : 'ADDED', inForm(request, event.object)));
  // What leaves the selection is gone for this watcher, and has the version of the change that took it away.
  else if (wasIn) request.write(eventLine('DELETED', inForm(request, { ...event.previous ?? {}, metadata: { ...objectAt(event.previous, 'metadata'), resourceVersion: String(event.revision) } })));
}

function bookmark(request: WatchRequest, isInitialEnd: boolean): string {
  const { target: { resource }, core } = request;
  const annotations = isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
  const object = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: { resourceVersion: String(core.store.revision), creationTimestamp: null, ...annotations } };
  return eventLine('BOOKMARK', request.form === 'object' ? object : { ...metadataOf(object) });
}

/** Everything that is there now, as if it had just been added. */
function sendInitial(request: WatchRequest): void {
  const { core, target, selection } = request;
  for (const object of core.store.list(target.resource.storage.key, target.namespace)) {
    if (selects(selection, object)) request.write(eventLine('ADDED', inForm(request, object)));
  }
}

function sendSince(request: WatchRequest, version: string): void {
  for (const event of request.core.store.since(request.target.resource.storage.key, Number(version))) send(request, event);
}

/** Errors after the headers are events themselves. */
function sendError(write: (chunk: string) => void, error: unknown): void {
  if (!(error instanceof StatusError)) throw error;
  write(eventLine('ERROR', statusBody(error)));
}

export function watchReply(core: Core, target: Target, query: URLSearchParams, form: Form): StreamReply {
  const selection = selectionOf(target.resource, query, target.name);
  const version = query.get('resourceVersion') ?? '';
  if (version !== '' && !/^\d+$/.test(version)) throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  const timeout = Number(query.get('timeoutSeconds') ?? '') || DEFAULT_TIMEOUT_S;
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const wantsInitial = query.get('sendInitialEvents') === 'true';
  return {
    kind: 'stream', type: 'application/json',
    start: (write, end) => {
      const request: WatchRequest = { core, target, selection, form, write };
      const stop = core.store.watch(target.resource.storage.key, (event) => { send(request, event); });
      const timers = new AbortController();
      after(core, timeout * 1000, timers.signal, end);
      if (wantsBookmarks) every(core, BOOKMARK_MS, timers.signal, () => { write(bookmark(request, false)); });
      try {
        if (version === '' || version === '0' || wantsInitial) sendInitial(request);
        else sendSince(request, version);
        if (wantsInitial && wantsBookmarks) write(bookmark(request, true));
      } catch (error) {
        sendError(write, error);
        end();
      }
      return () => {
        stop();
        timers.abort();
      };
    },
  };
}

function after(core: Core, ms: number, signal: AbortSignal, work: () => void): void {
  core.clock.sleep(ms, signal).then(work, () => undefined);
}

function every(core: Core, ms: number, signal: AbortSignal, work: () => void): void {
  after(core, ms, signal, () => {
    work();
    every(core, ms, signal, work);
  });
}

/** True for a watch by its query, also in the old spelling of the path. */
export function isWatch(query: URLSearchParams): boolean {
  const value = query.get('watch');
  return value === 'true' || value === '1' || value === '';
}

