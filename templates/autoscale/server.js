// Burns CPU, holds memory and sleeps, as the query asks. One process has one thread: a pod is at most one CPU.
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bloat, largestPrime, readWork } from './work.js';

export function createAutoscale() {
  return createServer((request, response) => {
    const [path, query = ''] = (request.url ?? '/').split('?');
    void answer(path, new URLSearchParams(query)).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    });
  });
}

async function answer(path, query) {
  if (path === '/healthz') return { status: 200, body: { ok: true } };
  if (path !== '/') return { status: 404, body: { error: 'not found' } };
  const work = readWork(query);
  if ('error' in work) return { status: 400, body: work };

  const started = performance.now();
  const held = bloat(work.bloat);
  const prime = largestPrime(work.prime);
  const cpuMs = performance.now() - started;
  await sleep(work.sleep);
  return {
    status: 200,
    body: {
      prime, cpuMs: Math.round(cpuMs * 10) / 10, bloatMi: held.length / 1024 / 1024,
      sleptMs: work.sleep, totalMs: Math.round(performance.now() - started), pod: hostname(),
    },
  };
}

if (import.meta.filename === process.argv[1]) {
  const server = createAutoscale().listen(Number(process.env.PORT ?? 8080));
  // Process 1 of a container gets no default handler: without this, every stop would take until the kill.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => server.close());
  }
}
