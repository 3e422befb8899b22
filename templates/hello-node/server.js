// Says hello to $TARGET.
import { createServer } from 'node:http';

export function createHello() {
  return createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?');
    const [status, text] = answerTo(path);
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
  });
}

function answerTo(path) {
  if (path === '/') return [200, `Hello ${process.env.TARGET ?? 'World'}!\n`];
  if (path === '/healthz') return [200, 'ok\n'];
  return [404, 'not found\n'];
}

if (import.meta.filename === process.argv[1]) {
  const server = createHello().listen(Number(process.env.PORT ?? 8080));
  // Process 1 of a container gets no default handler: without this, every stop would take until the kill.
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => server.close());
  }
}
