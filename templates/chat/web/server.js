// A chat room: the page at /, POST /messages to say something, GET /events to listen (server-sent events).
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { openRoom } from './room.js';

const page = readFileSync(`${import.meta.dirname}/page.html`);
const SHOWN = 100;
const LARGEST_BODY = 8_192;
const HEARTBEAT_MS = 15_000;

/** @param {(onMessage: Function) => {say(name: string, text: string): Promise<unknown>, close(): Promise<void>}} open */
export function createChat(open) {
  const shown = [];
  const listeners = new Set();
  const room = open((message) => {
    shown.push(message);
    if (shown.length > SHOWN) shown.shift();
    for (const listener of listeners) listener.write(frame(message));
  });
  const heartbeat = setInterval(() => {
    for (const listener of listeners) listener.write(':\n\n');
  }, HEARTBEAT_MS);

  function listen(request, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-instance': hostname() });
    // After a cut connection the browser names what it has seen last.
    const seen = shown.findIndex(({ id }) => id === request.headers['last-event-id']);
    response.write(`retry: 500\n\n${shown.slice(seen + 1).map(frame).join('')}`);
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  }

  async function say(request) {
    const body = await readBody(request);
    const message = body === undefined ? undefined : readMessage(body);
    if (message === undefined) return [400, { error: 'needs {"name": "…", "text": "…"} with 1 to 30 and 1 to 500 characters' }];
    try {
      await room.say(message.name, message.text);
      return [201, message];
    } catch {
      return [503, { error: 'the database does not answer: the message was not stored' }];
    }
  }

  const server = createServer((request, response) => {
    const send = ([status, value]) => response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(value)}\n`);
    const [path] = (request.url ?? '/').split('?');
    if (request.method === 'POST' && path === '/messages') say(request).then(send, () => response.destroy());
    else if (path === '/messages') send([200, { messages: shown }]);
    else if (path === '/events') listen(request, response);
    else if (path === '/healthz') send([200, { ok: true }]);
    else if (path === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    else send([404, { error: 'not found' }]);
  });
  server.on('close', () => {
    clearInterval(heartbeat);
    void room.close();
  });
  return { server, stop: () => server.close() && listeners.forEach((listener) => listener.end()) };
}

function frame(message) {
  return `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;
}

function readMessage(body) {
  let value;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  const [name, text] = [value?.name, value?.text].map((part) => (typeof part === 'string' ? part.trim() : ''));
  const fits = name.length > 0 && name.length <= 30 && text.length > 0 && text.length <= 500;
  return fits ? { name, text } : undefined;
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
  const url = process.env.DATABASE_URL ?? 'redis://127.0.0.1:6379';
  const { server, stop } = createChat((onMessage) => openRoom(url, onMessage));
  server.listen(Number(process.env.PORT ?? 8080));
  // Process 1 of a container gets no default handler: without this, every stop would take until the kill.
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);
}
