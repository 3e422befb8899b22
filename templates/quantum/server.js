// Serves the game, and says which version answers: the page asks all the time and paints each answer in its colour.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const DRAIN_MS = 3_000;
const folder = import.meta.dirname;
const FILES = {
  '/': ['text/html; charset=utf-8', readFileSync(`${folder}/page.html`)],
  '/game.js': ['text/javascript; charset=utf-8', readFileSync(`${folder}/game.js`)],
};

/** @param {{version: string, color: string}} release */
export function createQuantum(release) {
  return createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?');
    if (path === '/answer') {
      // A new connection for each answer, so that a balancer of connections chooses anew each time.
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', connection: 'close' });
      response.end(`${JSON.stringify({ ...release, instance: hostname() })}\n`);
    } else if (path === '/healthz') {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    } else if (Object.hasOwn(FILES, path)) {
      const [type, content] = FILES[path];
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(content);
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
    }
  });
}

if (import.meta.filename === process.argv[1]) {
  const release = { version: process.env.VERSION ?? '1', color: process.env.COLOR ?? 'app-color' };
  const server = createQuantum(release).listen(Number(process.env.PORT ?? 8080));
  // It keeps answering for a moment after it was told to stop: balancers learn late, and no request may be lost.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => setTimeout(() => server.close(), DRAIN_MS));
  }
}
