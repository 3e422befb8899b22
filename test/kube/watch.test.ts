import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/kube/api-client.ts';
import { Transport } from '../../src/kube/transport.ts';
import type { KubeClient, WatchEvent } from '../../src/ports.ts';
import { steppedClock } from '../fakes/ports.ts';
import { type Answer, json, type ScriptedServer, startScriptedServer, status } from './scripted-server.ts';

const KIND = { apiVersion: 'v1', kind: 'ConfigMap' };

function map(name: string, resourceVersion: string, uid = name): object {
  return { ...KIND, metadata: { name, namespace: 'd', uid, resourceVersion } };
}

const list = (resourceVersion: string, ...items: readonly object[]) => json(200, { kind: 'ConfigMapList', metadata: { resourceVersion }, items });
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
const bookmark = (resourceVersion: string) => event('BOOKMARK', { ...KIND, metadata: { resourceVersion } });
const EXPIRED = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });

/** Sends lines, then ends the stream cleanly. */
const stream = (...lines: readonly string[]): Answer => (response) => {
  response.end(lines.join(''));
};
/** Sends text, then cuts the connection. */
const torn = (text: string): Answer => (response) => {
  response.write(text, () => response.socket?.resetAndDestroy());
};

describe('a watch', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  const clock = steppedClock();

  afterEach(async () => {
    client?.close();
    await server?.close();
  });

  /** Answers in order; lists and watches together, as they are asked. The last one hangs. */
  async function seen(count: number, ...answers: readonly Answer[]): Promise<readonly string[]> {
    server = await startScriptedServer((_asked, index) => answers[index] ?? (() => undefined));
    client = new ApiClient({ runtime: 'kubernetes', kubeconfig: '/k', context: 'c' }, new Transport({ server: new URL(server.url), tls: {}, authorize: async () => ({}) }, clock), clock);
    const events: WatchEvent[] = [];
    for await (const item of client.watch(KIND, { namespace: 'd' }, new AbortController().signal)) {
      events.push(item);
      if (events.length === count) break;
    }
    return events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.metadata.resourceVersion}`);
  }

  const versions = () => server.asked.map(({ url }) => new URL(url, server.url).searchParams).map((query) => (query.get('watch') === 'true' ? `watch ${query.get('resourceVersion')}` : 'list'));

  it('goes on from the newest version after the server closes it', async () => {
    expect(await seen(2, list('5', map('a', '3')), stream(bookmark('9')), stream(event('MODIFIED', map('a', '11'))))).toEqual(['ADDED a 3', 'MODIFIED a 11']);
    expect(versions()).toEqual(['list', 'watch 5', 'watch 9']);
  });

  it('goes on after a cut in the middle of a line', async () => {
    expect(await seen(3, list('5', map('a', '3')), torn(`${event('MODIFIED', map('a', '6'))}{"type":"MODI`), stream(event('MODIFIED', map('a', '7')))))
      .toEqual(['ADDED a 3', 'MODIFIED a 6', 'MODIFIED a 7']);
    expect(versions()).toEqual(['list', 'watch 5', 'watch 6']);
  });

  it.each([['as an event', stream(EXPIRED)], ['as an answer', status(410, 'too old resource version')]])('lists again when its version expired (%s), and makes up what it missed', async (_name, expired) => {
    const answers = [list('5', map('gone', '1'), map('same', '2'), map('other', '3'), map('remade', '4')), expired, list('50', map('same', '2'), map('other', '30'), map('remade', '31', 'second'), map('fresh', '32'))];
    expect((await seen(9, ...answers)).slice(4)).toEqual(['DELETED gone 1', 'MODIFIED other 30', 'DELETED remade 4', 'ADDED remade 31', 'ADDED fresh 32']);
  });

  it('goes on over a server that restarts', async () => {
    const answers: Answer[] = [list('5', map('a', '3')), ...Array.from({ length: 8 }, () => status(503, 'starting')), stream(event('MODIFIED', map('a', '6')))];
    expect(await seen(2, ...answers)).toEqual(['ADDED a 3', 'MODIFIED a 6']);
    expect(versions()).toEqual(['list', ...Array.from({ length: 9 }, () => 'watch 5')]);
  });

  it('does not take another answer for an empty list', async () => {
    const answers = [list('5', map('a', '3')), stream(EXPIRED), json(200, { message: 'a proxy says hello' }), list('7', map('a', '6'))];
    expect(await seen(2, ...answers)).toEqual(['ADDED a 3', 'MODIFIED a 6']);
  });

  it('ends when it may not look', async () => {
    await expect(seen(1, status(403, 'no'))).rejects.toMatchObject({ code: 'kube-forbidden' });
  });

  it('ends when nobody has answered for a minute, and not before', async () => {
    server = await startScriptedServer(() => json(200, {}));
    const { url } = server;
    await server.close();
    const own = steppedClock();
    client = new ApiClient({ runtime: 'kubernetes', kubeconfig: '/k', context: 'c' }, new Transport({ server: new URL(url), tls: {}, authorize: async () => ({}) }, own), own);
    const watching = (async () => {
      for await (const _ of client.watch(KIND, {}, new AbortController().signal));
    })();
    await expect(watching).rejects.toMatchObject({ code: 'kube-unreachable' });
    expect(own.monotonic()).toBeGreaterThan(60_000);
    expect(own.monotonic()).toBeLessThan(80_000);
  });

  it('closes its connection when nobody listens any more', async () => {
    const closed = new Promise<void>((resolve) => {
      void seen(1, list('5'), (response) => {
        response.write(event('ADDED', map('a', '6')));
        response.on('close', resolve);
      });
    });
    await closed;
  });
});
