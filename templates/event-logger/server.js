// A sink for CloudEvents: logs each on one line, keeps the newest in memory and shows them at /events.
import { createServer } from 'node:http';
import { readCloudEvent } from './cloud-event.js';

const KEPT = 1_000;
const LARGEST_EVENT = 1024 * 1024;

export function createLogger(log = console.log) {
  const events = [];

  function receive(headers, body) {
    const read = readCloudEvent(headers, body);
    if ('error' in read) return [400, read];
    events.push({ received: new Date().toISOString(), ...read.event });
    if (events.length > KEPT) events.shift();
    log(JSON.stringify(read.event));
    // Without a body: whatever is in an answer must be an event, or the broker takes it for a failure and sends again.
    return [202];
  }

  function list(query) {
    const type = query.get('type');
    const source = query.get('source');
    const found = events.filter((event) => (type === null || event.type === type) && (source === null || event.source === source));
    return [200, { events: found.reverse() }];
  }

  return createServer((request, response) => {
    const send = ([status, value]) => {
      if (value === undefined) response.writeHead(status).end();
      else response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
    };
    const [path, query] = (request.url ?? '/').split('?');
    if (request.method === 'GET' && path === '/healthz') return send([200, { ok: true }]);
    if (request.method === 'GET' && (path === '/' || path === '/events')) return send(list(new URLSearchParams(query)));
    if (request.method !== 'POST' || path !== '/') return send([404, { error: 'not found' }]);
    readBody(request, LARGEST_EVENT).then(
      (body) => send(body === undefined ? [413, { error: `an event has at most ${LARGEST_EVENT} bytes` }] : receive(request.headers, body)),
      () => response.destroy(),
    );
  });
}

/** The body, or undefined when it is larger than `limit`; the rest is read and dropped. */
async function readBody(request, limit) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  return size <= limit ? Buffer.concat(chunks) : undefined;
}

if (import.meta.filename === process.argv[1]) {
  const server = createLogger().listen(Number(process.env.PORT ?? 8080));
  // Process 1 of a container gets no default handler: without this, every stop would take until the kill.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => server.close());
  }
}
