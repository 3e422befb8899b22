// The way to a page of the cluster: kubectl is a stand-in that listens where it is told to; everything else is real.
import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { AddonPage } from '../../../src/addons/addon.ts';
import { openWay } from '../../../src/cli/operations/addon-page.ts';
import { createClock } from '../../../src/host/clock.ts';
import { createHttp } from '../../../src/host/http.ts';
import { createNetwork } from '../../../src/host/network.ts';
import type { Ports, ProcessOptions, ProcessResult } from '../../../src/ports.ts';
import { fakePorts, only } from '../../fakes/ports.ts';

const page: AddonPage = { service: { apiVersion: 'v1', kind: 'Service', namespace: 'pages', name: 'front' }, port: 80, path: '/ready' };
const way = { access: { runtime: 'kubernetes', kubeconfig: '/stack/kubeconfig', context: 'kind-lab' }, page, title: 'Front', port: undefined } as const;
const servers: Server[] = [];
const network = createNetwork();

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function portsWith(kubectl: (words: readonly string[], options: ProcessOptions) => Promise<ProcessResult>): Ports {
  return fakePorts({
    clock: createClock(), http: createHttp(), network,
    artifacts: only<Ports['artifacts']>('artifacts', { tool: async (name) => `/tools/${name}` }),
    processes: only<Ports['processes']>('processes', { run: (command, words, options = {}) => kubectl([command, ...words], options) }),
  });
}

function listen(port: number): Promise<Server> {
  const server = createServer((request, response) => response.writeHead(request.url === page.path ? 200 : 404).end());
  servers.push(server);
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

const aborted = (signal: AbortSignal | undefined) => new Promise<never>((_resolve, reject) => {
  signal?.addEventListener('abort', () => reject(signal.reason));
});

describe('openWay', () => {
  test('names its target whole, listens on loopback only, and ends when it is told to', async () => {
    const stop = new AbortController();
    let seen: readonly string[] = [];
    const { url, ended } = await openWay(portsWith(async (words, { signal }) => {
      seen = words;
      await listen(Number(words.at(-1)?.split(':')[0]));
      return aborted(signal);
    }), way, stop.signal);
    const port = new URL(url).port;
    expect(seen).toEqual([
      '/tools/kubectl', '--kubeconfig', '/stack/kubeconfig', '--context', 'kind-lab', '--namespace', 'pages', 'port-forward', '--address', '127.0.0.1', 'service/front', `${port}:80`,
    ]);
    expect((await fetch(`${url}ready`)).status).toBe(200);
    stop.abort();
    await ended;
  });

  test('what kubectl said last is the reason when it ends by itself', async () => {
    const opening = openWay(portsWith(async (_words, { onLine }) => {
      onLine?.('error: unable to forward port because pod is not running', 'stderr');
      return { exitCode: 1, stdout: '', stderr: '' } as ProcessResult;
    }), way, new AbortController().signal);
    await expect(opening).rejects.toMatchObject({ code: 'page-lost', reason: 'error: unable to forward port because pod is not running' });
  });

  test('a way that breaks later is told', async () => {
    let end = () => {};
    const { ended } = await openWay(portsWith(async (words) => {
      await listen(Number(words.at(-1)?.split(':')[0]));
      await new Promise<void>((resolve) => { end = resolve; });
      return { exitCode: 1, stdout: '', stderr: '' } as ProcessResult;
    }), way, new AbortController().signal);
    end();
    await expect(ended).rejects.toMatchObject({ code: 'page-lost' });
  });

  test('a port that is taken is refused before anything is started', async () => {
    const port = await network.freePort();
    await listen(port);
    await expect(openWay(portsWith(() => expect.fail('started')), { ...way, port }, new AbortController().signal)).rejects.toMatchObject({ code: 'port-taken', exit: 3 });
  });

  test('stopped before the page answers: nothing is left', async () => {
    const stop = new AbortController();
    const opening = openWay(portsWith((_words, { signal }) => {
      stop.abort();
      return aborted(signal);
    }), way, stop.signal);
    await expect(opening).rejects.toThrow(/abort/i);
  });
});
