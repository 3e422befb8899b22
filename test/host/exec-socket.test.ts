import { createServer, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { ExecAgent, ExecSocket } from '../../src/host/exec-socket.ts';

const frame = (stream: 1 | 2, payload: string | Buffer): Buffer => {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
};

/** What an engine gives for `exec`: bytes in both directions, those from the program in frames. */
function rawStream(): { readonly raw: Duplex; readonly fromProgram: PassThrough; readonly toProgram: PassThrough } {
  const [fromProgram, toProgram] = [new PassThrough(), new PassThrough()];
  return { raw: Duplex.from({ readable: fromProgram, writable: toProgram }), fromProgram, toProgram };
}

describe('a socket over exec', () => {
  it('takes stdout out of its frames, however they are cut', async () => {
    const { raw, fromProgram } = rawStream();
    const socket = new ExecSocket(raw);
    const bytes = Buffer.concat([frame(1, 'HTTP/1.1 '), frame(2, 'a warning'), frame(1, '200 OK'), frame(1, Buffer.from('é', 'utf8').subarray(0, 1)), frame(1, Buffer.from('é', 'utf8').subarray(1))]);
    for (const byte of bytes) fromProgram.write(Buffer.of(byte));
    fromProgram.end();
    expect(await text(socket)).toBe('HTTP/1.1 200 OKé');
  });

  it('writes to stdin as it is, and ends it', async () => {
    const { raw, toProgram } = rawStream();
    const socket = new ExecSocket(raw);
    socket.write('GET / ');
    socket.end('HTTP/1.1');
    expect(await text(toProgram)).toBe('GET / HTTP/1.1');
  });

  it('a program that only complains is an error with its words', async () => {
    const { raw, fromProgram } = rawStream();
    const socket = new ExecSocket(raw);
    fromProgram.end(frame(2, 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.\n'));
    await expect(text(socket)).rejects.toThrow('Cannot connect to the Docker daemon at unix:///var/run/docker.sock.');
  });
});

describe('an agent over exec', () => {
  const closers: (() => void)[] = [];
  afterEach(() => { for (const close of closers.splice(0)) close(); });

  /** An HTTP server, reached as if it were inside a container. */
  async function server(): Promise<{ readonly agent: ExecAgent; readonly opened: () => number }> {
    const http = createServer((request, response) => { request.pipe(response); response.setHeader('x-path', request.url ?? ''); });
    await new Promise<void>((resolve) => { http.listen(0, '127.0.0.1', resolve); });
    let opened = 0;
    const agent = new ExecAgent(async () => {
      opened += 1;
      const address = http.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      const socket = connect(address.port, '127.0.0.1');
      const framed = new PassThrough();
      socket.on('data', (chunk) => framed.write(frame(1, chunk)));
      socket.on('end', () => framed.end());
      return Duplex.from({ readable: framed, writable: socket });
    });
    closers.push(() => { agent.destroy(); http.closeAllConnections(); http.close(); });
    return { agent, opened: () => opened };
  }

  const ask = (agent: ExecAgent, path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => { get({ agent, host: 'node', port: 80, path }, (response) => { response.resume().on('end', () => resolve(response)); }).on('error', reject); });

  it('carries requests, one after the other over one program', async () => {
    const { agent, opened } = await server();
    for (const path of ['/a', '/b', '/c']) expect((await ask(agent, path)).headers['x-path']).toBe(path);
    expect(opened()).toBe(1);
  });

  it('carries several at once over several', async () => {
    const { agent, opened } = await server();
    const answers = await Promise.all(['/a', '/b', '/c'].map((path) => ask(agent, path)));
    expect(answers.map(({ headers }) => headers['x-path'])).toEqual(['/a', '/b', '/c']);
    expect(opened()).toBe(3);
  });

  it('a container that is not there fails the request with the reason', async () => {
    const agent = new ExecAgent(async () => { throw new Error('No such container: gone'); });
    await expect(ask(agent, '/')).rejects.toThrow('No such container: gone');
  });
});
