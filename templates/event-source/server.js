// A way into the broker: POST /send makes a CloudEvent of the body and sends it to $K_SINK, which a SinkBinding sets.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const TYPE = /^[a-z0-9]+(\.[a-z0-9-]+)*$/i;
const LARGEST_BODY = 1024 * 1024;
const USAGE = `POST /send?type=com.example.greeting with a JSON body: it goes to the broker as a CloudEvent.\n`;

/** @param {string | undefined} sink where events go; undefined until the binding is there */
export function createSource(sink) {
  return createServer((request, response) => {
    const [path, query] = (request.url ?? '/').split('?');
    if (request.method === 'POST' && path === '/send') {
      const type = new URLSearchParams(query).get('type') ?? 'com.example.greeting';
      receive(request, type, sink).then(
        ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`),
        () => response.destroy(),
      );
      return;
    }
    const [status, text] = path === '/' ? [200, USAGE] : path === '/healthz' ? [200, 'ok\n'] : [404, 'not found\n'];
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  });
}

async function receive(request, type, sink) {
  const body = await readBody(request);
  if (body === undefined) return { status: 413, body: { error: `a body has at most ${LARGEST_BODY} bytes` } };
  if (!TYPE.test(type)) return { status: 400, body: { error: 'type must look like com.example.greeting' } };
  if (!isJson(body)) return { status: 400, body: { error: 'the body is not JSON' } };
  if (sink === undefined) return { status: 503, body: { error: 'no K_SINK: is the SinkBinding ready?' } };

  const event = { id: randomUUID(), type };
  try {
    const answer = await fetch(sink, { method: 'POST', headers: headersOf(event), body, signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.ok ? { status: 202, body: event } : { status: 502, body: { error: `the broker answered ${answer.status}`, ...event } };
  } catch (error) {
    return { status: 502, body: { error: `the broker did not answer: ${error.cause?.code ?? error.name}`, ...event } };
  }
}

function headersOf({ id, type }) {
  return { 'ce-specversion': '1.0', 'ce-id': id, 'ce-type': type, 'ce-source': '/app-name', 'content-type': 'application/json' };
}

function isJson(body) {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/** The body as text, or undefined when it is too large; the rest is read and dropped. */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks).toString() : undefined;
}

if (import.meta.filename === process.argv[1]) {
  const server = createSource(process.env.K_SINK).listen(Number(process.env.PORT ?? 8080));
  // Process 1 of a container gets no default handler: without this, every stop would take until the kill.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => server.close());
  }
}
