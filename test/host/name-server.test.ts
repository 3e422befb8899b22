import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { readQuestion, writeAnswer } from '../../src/host/dns-message.ts';
import { createNetwork } from '../../src/host/network.ts';

const stops: AbortController[] = [];
afterEach(() => { for (const stop of stops.splice(0)) stop.abort(); });

async function serve(seen: string[] = []) {
  const stop = new AbortController();
  stops.push(stop);
  const answer = (name: string) => (name.endsWith('.devstack.test') ? '127.0.0.1' : undefined);
  const server = await createNetwork().serveNames({ port: 0, signal: stop.signal, answer, onQuestion: (name, address) => seen.push(`${name} ${address}`) });
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${server.port}`]);
  return { ...server, stop, resolver };
}

describe('a resolver of one zone', () => {
  test('answers every name of it with loopback, whatever the case', async () => {
    const seen: string[] = [];
    const { resolver } = await serve(seen);
    expect(await resolver.resolve4('Hello.Default.DEVSTACK.test')).toEqual(['127.0.0.1']);
    expect(seen).toEqual(['hello.default.devstack.test 127.0.0.1']);
  });

  test('has no other addresses of it, so that nobody waits for IPv6', async () => {
    const { resolver } = await serve();
    await expect(resolver.resolve6('hello.devstack.test')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('refuses what is not its own', async () => {
    const { resolver } = await serve();
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
  });

  test('ends with the signal, and the port is free again', async () => {
    const { port, ended, stop } = await serve();
    stop.abort();
    await ended;
    const next = new AbortController();
    stops.push(next);
    expect(await createNetwork().serveNames({ port, signal: next.signal, answer: () => undefined })).toMatchObject({ port });
  });

  test('a taken port is told', async () => {
    const { port } = await serve();
    await expect(createNetwork().serveNames({ port, signal: new AbortController().signal, answer: () => undefined })).rejects.toMatchObject({ code: 'port-taken', exit: 3 });
  });

  test('sends nothing for what is no question, and lives on', async () => {
    const { port, resolver } = await serve();
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (message) => got.push(message.toString('hex')));
    for (const junk of ['', '00', 'ff'.repeat(600), `000181000001000000000000${'3f'.repeat(70)}`]) socket.send(Buffer.from(junk, 'hex'), port, '127.0.0.1');
    expect(await resolver.resolve4('a.devstack.test')).toEqual(['127.0.0.1']);
    socket.close();
    expect(got).toEqual([]);
  });
});

test('no bytes make it throw, and what it reads it writes back', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    const question = readQuestion(bytes);
    if (question === undefined) return;
    const reply = writeAnswer(question, { address: '127.0.0.1' });
    expect(reply.subarray(12, 12 + question.bytes.length)).toEqual(question.bytes);
    // A reply is no question: two servers never talk to each other.
    expect(readQuestion(reply)).toBeUndefined();
  }));
});
