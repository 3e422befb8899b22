// The API server over plain HTTP: watches, pages of the past, protobuf, writes at the same time, and what it leaves on disk.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { loadSnapshot, saveChanges } from '../../src/clusters/rehearsal/server/persistence.ts';
import { canonicalQuantity } from '../../src/clusters/rehearsal/server/quantity.ts';
import { createVirtualClock, type VirtualClock } from '../../src/clusters/rehearsal/virtual-clock.ts';
import { createFiles } from '../../src/host/files.ts';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { at } from '../../src/model/object.ts';
import { send } from './exchange.ts';

const CM = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, data: JsonObject = {}, labels: JsonObject = {}): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data });

let server: ApiServer;
let clock: VirtualClock;
const bugs: unknown[] = [];

async function call(method: string, path: string, body?: Json, contentType?: string): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const { status, text } = await send(server, { method, path, ...(body !== undefined && { text: JSON.stringify(body) }), ...(contentType !== undefined && { contentType }) });
  return { status, body: JSON.parse(text) as JsonObject };
}
const merge = (name: string, patch: JsonObject) => call('PATCH', `${CM}/${name}`, patch, 'application/merge-patch+json');

interface Watching {
  readonly events: JsonObject[];
  readonly ended: Promise<void>;
  /** Resolves once there are that many events. */
  count(wanted: number): Promise<readonly string[]>;
  stop(): void;
}

function watch(path: string): Promise<Watching> {
  return new Promise((resolve, reject) => {
    const request = http.get(`${server.url}${path}`, (response) => {
      const events: JsonObject[] = [];
      const waiting: (() => void)[] = [];
      let rest = '';
      response.on('data', (chunk: Buffer) => {
        const lines = `${rest}${chunk.toString('utf8')}`.split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line) as JsonObject));
        for (const wake of waiting.splice(0)) wake();
      });
      response.on('error', () => undefined);
      const names = (): readonly string[] => events.map((event) => `${String(event['type'])} ${String(at(event, 'object', 'metadata', 'name') ?? '')}`.trim());
      resolve({
        events, ended: new Promise((done) => { response.once('close', () => done()); }), stop: () => { request.destroy(); },
        count: async (wanted) => {
          while (events.length < wanted) await new Promise<void>((wake) => { waiting.push(wake); });
          return names();
        },
      });
    });
    request.once('error', reject);
  });
}

beforeEach(async () => {
  clock = createVirtualClock();
  server = await startApiServer({ clock, logLimit: 5, onBug: (error) => bugs.push(error) });
});
afterEach(async () => {
  await server.close();
  expect(bugs).toEqual([]);
});

describe('watch', () => {
  it('shows what is there, then what changes, and what leaves the selection as deleted', async () => {
    await call('POST', CM, configMap('one', {}, { app: 'x' }));
    const watching = await watch(`${CM}?watch=true&labelSelector=app%3Dx`);
    expect(await watching.count(1)).toEqual(['ADDED one']);
    await call('POST', CM, configMap('other'));
    await merge('one', { data: { a: '1' } });
    await merge('one', { metadata: { labels: { app: 'y' } } });
    await merge('other', { metadata: { labels: { app: 'x' } } });
    await call('DELETE', `${CM}/other`);
    expect(await watching.count(5)).toEqual(['ADDED one', 'MODIFIED one', 'DELETED one', 'ADDED other', 'DELETED other']);
    watching.stop();
  });

  it('goes on from a version', async () => {
    const { body } = await call('POST', CM, configMap('one'));
    await merge('one', { data: { a: '1' } });
    const watching = await watch(`${CM}?watch=true&resourceVersion=${String(at(body, 'metadata', 'resourceVersion'))}`);
    expect(await watching.count(1)).toEqual(['MODIFIED one']);
    watching.stop();
  });

  it('says 410 to a version that it has forgotten, as an event, and ends', async () => {
    const { body } = await call('POST', CM, configMap('one'));
    for (let count = 0; count < 20; count += 1) await merge('one', { data: { count: String(count) } });
    const watching = await watch(`${CM}?watch=true&resourceVersion=${String(at(body, 'metadata', 'resourceVersion'))}`);
    await watching.ended;
    expect(watching.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  });

  it('sends bookmarks, and ends after its time', async () => {
    const watching = await watch(`${CM}?watch=true&allowWatchBookmarks=true&timeoutSeconds=150`);
    await clock.advance(130_000);
    expect(await watching.count(2)).toEqual(['BOOKMARK', 'BOOKMARK']);
    expect(at(watching.events[0], 'object', 'metadata', 'resourceVersion')).toBe(String(server.store.revision));
    await clock.advance(30_000);
    await watching.ended;
  });

  it('marks the end of what was there when asked to', async () => {
    await call('POST', CM, configMap('one'));
    const watching = await watch(`${CM}?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=`);
    await watching.count(2);
    expect(watching.events[1]).toMatchObject({ type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } });
    watching.stop();
  });
});

describe('lists', () => {
  it('show every page as it was when the first one was read', async () => {
    for (const name of ['a', 'b', 'c']) await call('POST', CM, configMap(name));
    const first = await call('GET', `${CM}?limit=2`);
    await call('DELETE', `${CM}/c`);
    await call('POST', CM, configMap('d'));
    const rest = await call('GET', `${CM}?limit=2&continue=${String(at(first.body, 'metadata', 'continue'))}`);
    expect((at(rest.body, 'items') as readonly Json[]).map((item) => at(item, 'metadata', 'name'))).toEqual(['c']);
  });

  it('say 410 when that past is forgotten', async () => {
    for (const name of ['a', 'b', 'c']) await call('POST', CM, configMap(name));
    const first = await call('GET', `${CM}?limit=2`);
    await call('POST', CM, configMap('d'));
    server.store.compact();
    expect(await call('GET', `${CM}?limit=2&continue=${String(at(first.body, 'metadata', 'continue'))}`)).toMatchObject({ status: 410, body: { reason: 'Expired' } });
  });
});

describe('writes', () => {
  it('at the same time are all done when none of them names a version', async () => {
    await call('POST', CM, configMap('one'));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => merge('one', { data: { [`key-${index}`]: 'x' } })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(Object.keys(at((await call('GET', `${CM}/one`)).body, 'data') as JsonObject)).toHaveLength(20);
  });

  it('that change nothing keep the version', async () => {
    const before = await call('POST', CM, configMap('one', { a: '1' }));
    await clock.advance(5000);
    const after = await merge('one', { data: { a: '1' } });
    expect(at(after.body, 'metadata', 'resourceVersion')).toBe(at(before.body, 'metadata', 'resourceVersion'));
  });

  it('may carry hostile keys', async () => {
    const { status } = await send(server, { method: 'POST', path: CM, text: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"evil"},"data":{"__proto__":"z"}}' });
    expect(status).toBe(201);
    expect(({} as { x?: unknown }).x).toBeUndefined();
    const { text } = await send(server, { method: 'GET', path: `${CM}/evil` });
    expect(text).toContain('"data":{"__proto__":"z"}');
  });

  it('that are too large are refused', async () => {
    expect(await call('POST', CM, configMap('big', { a: 'x'.repeat(3 * 1024 * 1024) }))).toMatchObject({ status: 413 });
  });
});

describe('quantities', () => {
  it.each([['1000m', '1'], ['0.5', '500m'], ['1024Mi', '1Gi'], ['1500M', '1500M'], ['0.1Gi', '107374182400m'], ['1e3', '1e3'], ['0', '0'], ['1.0001', '1000100u'], ['-2', '-2'], ['lots', undefined]])('%s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });
});

describe('on disk', () => {
  let folder: string;
  const files = createFiles();
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'devstack-rehearsal-')); });
  afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

  it('keeps objects, versions and definitions for the next server', async () => {
    const path = join(folder, 'state.json');
    const saver = saveChanges(server, { files, clock, path, onError: (error) => bugs.push(error) });
    await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.lab.example.com' },
      spec: { group: 'lab.example.com', scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }] },
    });
    await clock.advance(1);
    expect(await call('POST', '/apis/lab.example.com/v1/namespaces/default/things', { apiVersion: 'lab.example.com/v1', kind: 'Thing', metadata: { name: 'one' } })).toMatchObject({ status: 201 });
    await saver.close();
    const revision = server.store.revision;
    await server.close();
    const snapshot = await loadSnapshot(files, path);
    server = await startApiServer({ clock, ...(snapshot !== undefined && { snapshot }), onBug: (error) => bugs.push(error) });
    expect(server.store.revision).toBe(revision);
    expect(await call('GET', '/apis/lab.example.com/v1/namespaces/default/things/one')).toMatchObject({ status: 200, body: { kind: 'Thing' } });
  });

  it('starts anew without a file, and refuses one that is none of its own', async () => {
    expect(await loadSnapshot(files, join(folder, 'absent.json'))).toBeUndefined();
    writeFileSync(join(folder, 'odd.json'), '{"format": 9}');
    await expect(loadSnapshot(files, join(folder, 'odd.json'))).rejects.toMatchObject({ code: 'rehearsal-state-unreadable', exit: 3 });
  });
});
