import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngines } from '../../src/host/engines.ts';
import type { Swarm } from '../../src/ports.ts';
import { temporaryFolder } from './folder.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: { readonly [name: string]: string };
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
}
type Answers = { readonly [route: string]: readonly [status: number, body: unknown] };

/** An engine that gives these answers, by method and path; the texts are those of engine 26.1.5. */
async function engine(answers: Answers): Promise<{ readonly swarm: Swarm; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://d');
    seen.push({ method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers, body: (await buffer(request)).toString() });
    const [status, body] = answers[`${request.method} ${url.pathname}`] ?? [404, { message: 'page not found' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  const socket = join(temporaryFolder(), 'docker.sock');
  await new Promise<void>((resolve) => { server.listen(socket, resolve); });
  const engines = createEngines({ env: { DOCKER_HOST: `unix://${socket}` }, os: 'linux', home: '/nonexistent', processes: { find: async () => '/usr/bin/docker' } });
  const swarm = engines.swarm(`unix://${socket}`);
  onTestFinished(() => { swarm.close(); server.closeAllConnections(); server.close(); });
  return { swarm, seen };
}

const SPEC = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'busybox', Env: ['PASSWORD=hunter2'] } } };
const SERVICE = { ID: 's1', Version: { Index: 7 }, CreatedAt: '', UpdatedAt: '', Spec: SPEC };

describe('what is asked', () => {
  it('a spec is in the body alone: neither in the address nor in a header', async () => {
    const { swarm, seen } = await engine({ 'POST /services/create': [201, { ID: 's1', Warnings: null }], 'POST /services/s1/update': [200, { Warnings: null }] });
    expect(await swarm.create('service', SPEC)).toBe('s1');
    await swarm.update('service', 's1', { version: 7, spec: SPEC });
    await swarm.rollback(SERVICE);
    expect(seen.map(({ query }) => query)).toEqual([{}, { version: '7' }, { version: '7', rollback: 'previous' }]);
    for (const { body, headers } of seen) {
      expect(JSON.parse(body)).toEqual(SPEC);
      expect(JSON.stringify(headers)).not.toContain(Buffer.from('hunter2').toString('base64').slice(0, 6));
      expect(headers).not.toHaveProperty('x-registry-auth');
    }
  });

  it('filters as the engine wants them; of networks those of the swarm alone', async () => {
    const { swarm, seen } = await engine({ 'GET /tasks': [200, []], 'GET /networks': [200, []], 'GET /nodes': [200, []] });
    await swarm.list('task', { service: ['s1'], '_up-to-date': ['true'] });
    await swarm.list('network', { label: ['a=b'] });
    await swarm.list('node');
    expect(seen.map(({ query }) => query)).toEqual([{ filters: '{"service":["s1"],"_up-to-date":["true"]}' }, { filters: '{"scope":["swarm"],"label":["a=b"]}' }, {}]);
  });

  it('a swarm listens at the address that the others know, and nowhere else', async () => {
    const { swarm, seen } = await engine({ 'POST /swarm/init': [200, '"node"'], 'POST /swarm/join': [200, ''] });
    await swarm.init({ advertise: '127.0.0.1', labels: { a: 'b' }, autolock: true });
    await swarm.join({ advertise: '10.0.0.3', manager: '10.0.0.2:2377', token: 'SWMTKN-1-x' });
    expect(seen.map(({ body }) => JSON.parse(body))).toEqual([
      { ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1', DataPathAddr: '127.0.0.1', Spec: { Labels: { a: 'b' }, EncryptionConfig: { AutoLockManagers: true } } },
      { ListenAddr: '10.0.0.3:2377', AdvertiseAddr: '10.0.0.3', DataPathAddr: '10.0.0.3', RemoteAddrs: ['10.0.0.2:2377'], JoinToken: 'SWMTKN-1-x' },
    ]);
  });
});

describe('what is answered', () => {
  it('absent is undefined, or false', async () => {
    const { swarm } = await engine({ 'GET /services/gone': [404, { message: 'service gone not found' }], 'DELETE /secrets/gone': [404, { message: 'secret gone not found' }] });
    expect(await swarm.get('service', 'gone')).toBeUndefined();
    expect(await swarm.remove('secret', 'gone')).toBe(false);
  });

  it('an engine that is in no swarm has nothing to leave', async () => {
    const { swarm } = await engine({ 'POST /swarm/leave': [503, { message: 'This node is not part of a swarm' }] });
    await expect(swarm.leave()).resolves.toBeUndefined();
  });

  it('no registry, no digest', async () => {
    const { swarm } = await engine({ 'GET /distribution/a/json': [200, { Descriptor: { digest: 'sha256:1' } }], 'GET /distribution/b/json': [500, { message: 'lookup registry-1.docker.io: no such host' }] });
    expect(await swarm.digest('a')).toBe('sha256:1');
    expect(await swarm.digest('b')).toBeUndefined();
  });

  it.each([
    [503, 'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.', 'swarm-not-manager', 3],
    [503, 'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.', 'swarm-locked', 3],
    [503, 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.', 'swarm-exists', 3],
    [409, 'rpc error: code = AlreadyExists desc = name conflicts with an existing object: service web already exists', 'swarm-conflict', 1],
    [500, 'rpc error: code = Unknown desc = update out of sequence', 'swarm-conflict', 1],
    [400, "rpc error: code = FailedPrecondition desc = network kabz is in use by service jy0x", 'swarm-conflict', 1],
    [400, 'rpc error: code = InvalidArgument desc = ContainerSpec: image reference must be provided', 'swarm-refused', 1],
  ])('%d %s: %s', async (status, message, code, exit) => {
    const { swarm } = await engine({ 'POST /services/create': [status, { message }] });
    await expect(swarm.create('service', SPEC)).rejects.toMatchObject({ code, exit, reason: message.replace(/^rpc error: code = \w+ desc = /, ''), message: 'could not create the service web' });
  });

  it('a log without its frames, the last lines of it', async () => {
    const line = (stream: 1 | 2, text: string): Buffer => Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)]);
    const { swarm, seen } = await engine({ 'GET /tasks/t1/logs': [200, Buffer.concat([line(1, 'one\n'), line(2, 'two\r\n'), line(1, 'thr'), line(1, 'ee')])] });
    expect(await swarm.logs('task', 't1', 2)).toEqual(['two', 'three']);
    expect(seen[0]?.query).toEqual({ stdout: 'true', stderr: 'true', tail: '2', follow: 'false' });
  });

  it('events, line by line', async () => {
    const event = { Type: 'service', Action: 'update', Actor: { ID: 's1', Attributes: { name: 'web', 'updatestate.new': 'completed' } } };
    const { swarm } = await engine({ 'GET /events': [200, `${JSON.stringify(event)}\n\n${JSON.stringify({ ...event, Action: 'remove' })}\n`] });
    const seen: unknown[] = [];
    for await (const one of swarm.events(new AbortController().signal)) seen.push(one);
    expect(seen).toEqual([
      { type: 'service', action: 'update', id: 's1', attributes: { name: 'web', 'updatestate.new': 'completed' } },
      { type: 'service', action: 'remove', id: 's1', attributes: { name: 'web', 'updatestate.new': 'completed' } },
    ]);
  });

  it('an abort ends the events without an error', async () => {
    const stop = new AbortController();
    const { swarm } = await engine({ 'GET /events': [200, `${JSON.stringify({ Type: 'service', Action: 'create', Actor: { ID: 's1' } })}\n`] });
    for await (const _event of swarm.events(stop.signal)) stop.abort();
    for await (const _event of swarm.events(stop.signal)) throw new Error('an event after the end');
  });

  it('an engine that does not answer is none of the swarm errors', async () => {
    const engines = createEngines({ env: { DOCKER_HOST: 'unix:///nonexistent.sock' }, os: 'linux', home: '/nonexistent', processes: { find: async () => '/usr/bin/docker' } });
    await expect(engines.swarm('unix:///nonexistent.sock').state()).rejects.toMatchObject({ code: 'docker-not-running', exit: 3 });
    // The node is what does not answer, not the engine of this machine.
    await expect(engines.swarm('container:gone').state()).rejects.toMatchObject({ exit: 3 });
  });
});
