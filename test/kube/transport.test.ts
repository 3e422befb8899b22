import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/kube/api-client.ts';
import { retryDelay, Transport } from '../../src/kube/transport.ts';
import type { KubeClient } from '../../src/ports.ts';
import { steppedClock } from '../fakes/ports.ts';
import { type Answer, json, reset, type ScriptedServer, startScriptedServer, status } from './scripted-server.ts';

const MAP_REF = { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', namespace: 'default' };
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'default' }, data: {} } as const;
const SECRET = 'canary-token-1234567890';

describe('requests', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  const clock = steppedClock();

  afterEach(async () => {
    client?.close();
    await server?.close();
  });

  async function serve(...answers: readonly Answer[]): Promise<void> {
    clock.slept.length = 0;
    server = await startScriptedServer((_asked, index) => answers[Math.min(index, answers.length - 1)] ?? reset);
    const transport = new Transport({ server: new URL(server.url), tls: {}, authorize: async () => ({ authorization: `Bearer ${SECRET}` }) }, clock);
    client = new ApiClient({ runtime: 'kubernetes', kubeconfig: '/k', context: 'c' }, transport, clock);
  }

  it('back off when a 429 does not say for how long', async () => {
    await serve(status(429, 'slow down'), json(200, MAP));
    await client.get(MAP_REF);
    expect(clock.slept).toEqual([100]);
  });

  it('obey Retry-After, within reason', async () => {
    await serve(json(429, {}, { 'retry-after': '3' }), json(429, {}, { 'retry-after': '3600' }), json(200, MAP));
    await client.apply(MAP);
    expect(clock.slept).toEqual([3_000, 10_000]);
  });

  it('are sent again over a lost leader, an overloaded server, a cut connection', async () => {
    await serve(status(500, 'etcdserver: leader changed'), status(503, 'apiserver is shutting down'), reset, json(200, MAP));
    expect(await client.apply(MAP)).toMatchObject({ metadata: { name: 'm' } });
    expect(server.asked).toHaveLength(4);
    expect(client.requests).toEqual({ total: 4, writes: 4 });
  });

  it('are not sent again for ever', async () => {
    await serve(status(503, 'not today'));
    await expect(client.apply(MAP)).rejects.toMatchObject({ code: 'kube-error', message: 'configmap default/m: not today' });
    expect(server.asked).toHaveLength(6);
  });

  it('are not sent again when they might be done twice, or when the answer stands', async () => {
    await serve(status(503, 'not today'));
    await expect(client.create(MAP)).rejects.toMatchObject({ code: 'kube-error' });
    expect(server.asked).toHaveLength(1);
    expect(retryDelay({ error: { code: 'ECONNRESET' } }, 'POST', 0)).toBeUndefined();
    expect(retryDelay({ error: { code: 'ECONNREFUSED' } }, 'POST', 0)).toBe(100);
    expect(retryDelay({ reply: { status: 500, headers: {}, body: '{"kind":"Status","message":"boom"}' } }, 'GET', 0)).toBeUndefined();
    expect(retryDelay({ reply: { status: 409, headers: {}, body: '' } }, 'PATCH', 0)).toBeUndefined();
  });

  it('share a connection', async () => {
    await serve(json(200, MAP));
    for (let index = 0; index < 20; index += 1) await client.apply(MAP);
    expect(server.connections()).toBe(1);
  });

  it('are sent as a JSON apply under one manager’s name', async () => {
    await serve(json(200, MAP));
    await client.apply(MAP, { force: true, dryRun: true });
    expect(server.asked[0]).toMatchObject({
      method: 'PATCH', url: '/api/v1/namespaces/default/configmaps/m?fieldManager=devstack&force=true&dryRun=All&fieldValidation=Strict',
      headers: { 'content-type': 'application/apply-patch+yaml' }, body: JSON.stringify(MAP),
    });
    expect(client.requests.writes).toBe(0);
  });

  it('to a Service are sent once, and its answer stands, whatever it is', async () => {
    await serve(status(503, 'the service is out'));
    const service = { namespace: 'knative-eventing', name: 'broker-ingress', port: 8080 };
    const call = { method: 'POST', path: '/default/lab', contentType: 'application/cloudevents+json', body: '{}' } as const;
    expect(await client.callService(service, call)).toEqual({ status: 503, body: expect.stringContaining('the service is out') });
    expect(server.asked).toEqual([expect.objectContaining({
      method: 'POST', url: '/api/v1/namespaces/knative-eventing/services/http:broker-ingress:8080/proxy/default/lab', body: '{}',
      headers: expect.objectContaining({ 'content-type': 'application/cloudevents+json', accept: '*/*' }),
    })]);
    expect((await client.callService(service, { method: 'GET', path: '/' })).status).toBe(503);
    expect(server.asked).toHaveLength(2);
    await expect(client.callService(service, call, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.asked).toHaveLength(2);
  });

  it('end with a code when nobody answers', async () => {
    await serve(json(200, MAP));
    await server.close();
    await expect(client.get(MAP_REF)).rejects.toMatchObject({ code: 'kube-unreachable', exit: 3, details: { reason: 'ECONNREFUSED' } });
  });

  it('never show what lets them in, nor what the server answered at length', async () => {
    const long = 'x'.repeat(5_000);
    await serve((response, { headers }) => status(403, `User cannot do that (sent ${headers['content-type']}) ${long}`)(response, { method: '', url: '', headers: {}, body: '' }));
    const error = await client.apply(MAP).catch((failure: unknown) => failure);
    const text = `${String(error)} ${JSON.stringify(error)} ${(error as Error).stack}`;
    expect(text).not.toContain(SECRET);
    expect(text.length).toBeLessThan(3_000);
  });

  it('take control characters out of what the server says', async () => {
    await serve(status(403, 'no\u001b[31m\r\nway\u202e'));
    await expect(client.apply(MAP)).rejects.toMatchObject({ reason: 'no [31m way' });
  });

  it('end as an abort when they are aborted on the way', async () => {
    await serve(() => undefined);
    const stop = new AbortController();
    const asking = client.get(MAP_REF, stop.signal);
    setImmediate(() => stop.abort());
    await expect(asking).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('follow a log line by line, to its end', async () => {
    await serve((response) => {
      response.write('one\ntw');
      response.end('o\nthree');
    });
    const lines: string[] = [];
    for await (const line of client.followLogs({ apiVersion: 'v1', kind: 'Pod', name: 'p', namespace: 'n' }, { tailLines: 3 }, new AbortController().signal)) lines.push(line);
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(server.asked[0]?.url).toBe('/api/v1/namespaces/n/pods/p/log?tailLines=3&follow=true');
  });
});
