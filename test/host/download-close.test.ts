import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDownloads } from '../../src/host/download.ts';

// The reader is still paused at the end of the body when the close arrives: seen with this size of one file of Knative.
const BODY = Buffer.alloc(521_056, 'x');

test('a server that closes the connection after the body is read to the end', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(`HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n`);
      socket.end(BODY);
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const folder = await mkdtemp(join(tmpdir(), 'devstack-test-'));
  try {
    const path = join(folder, 'file');
    const { port } = server.address() as AddressInfo;
    const downloads = createDownloads({ env: {}, userAgent: 'test' });
    for (let time = 0; time < 20; time += 1) {
      await rm(path, { force: true });
      await downloads.download({ url: `http://127.0.0.1:${port}/file`, path, maxBytes: 2 ** 30 });
      expect((await readFile(path)).equals(BODY)).toBe(true);
    }
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
});
