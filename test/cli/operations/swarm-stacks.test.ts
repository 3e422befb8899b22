// Which stack a command about a swarm means, and what is refused before a swarm is touched.
import { describe, expect, it } from 'vitest';
import type { AppRef } from '../../../src/cli/app-use-cases.ts';
import { coldStart } from '../../../src/cli/operations/cold-start.ts';
import { pickStack } from '../../../src/cli/operations/status.ts';
import { planStack } from '../../../src/cli/operations/up.ts';
import type { EndpointResult } from '../../../src/cli/use-cases.ts';
import { stackLabels } from '../../../src/model/record.ts';
import type { Docker, Files, Folders, Ports } from '../../../src/ports.ts';
import { specOf } from '../../clusters/kind/kind-spec.ts';
import { swarmSpec } from '../../clusters/swarm/swarm-spec.ts';
import { fakePorts, only, steppedClock } from '../../fakes/ports.ts';

/** An engine with a network of each of these stacks, by name and provider. */
function engineWith(stacks: { readonly [stack: string]: string }, endpoint = 'unix:///var/run/docker.sock'): Ports {
  const networks = Object.entries(stacks).map(([stack, provider]) => ({
    id: stack, name: stack, labels: stackLabels({ stack, provider, cluster: `devstack-${stack}`, nodes: 1, managers: 1, nodeImage: undefined, kubernetes: undefined, ports: [], settings: {} }),
  }));
  return fakePorts({
    docker: only<Docker>('docker', { endpoint, listNetworks: async () => networks, listContainers: async () => [], listVolumes: async () => [] }),
    files: only<Files>('files', { list: async () => [], readText: async () => undefined }), folders: only<Folders>('folders', { state: '/state' }),
  });
}

describe('the stack that is meant', () => {
  it('is the only one of the runtime that is asked for, though there are others', async () => {
    const ports = engineWith({ dev: 'kind', lab: 'swarm' });
    expect(await pickStack(ports, undefined, 'swarm')).toMatchObject({ stack: 'lab' });
    expect(await pickStack(ports, undefined, 'kubernetes')).toMatchObject({ stack: 'dev' });
    await expect(pickStack(ports, undefined)).rejects.toMatchObject({ code: 'stack-ambiguous', reason: 'dev, lab' });
  });

  it('no swarm: the command that makes one, under a name that is free', async () => {
    await expect(pickStack(engineWith({ dev: 'kind' }), undefined, 'swarm')).rejects.toMatchObject({ code: 'stack-unknown', hints: [{ command: 'devstack up swarm --nodes 3 --name swarm' }] });
    await expect(pickStack(engineWith({}), undefined, 'swarm')).rejects.toMatchObject({ hints: [{ command: 'devstack up swarm --nodes 3' }] });
  });
});

describe('refused before anything is asked', () => {
  const options = { emit: () => undefined, signal: new AbortController().signal };
  it('a new cluster on an engine elsewhere', async () => {
    await expect(planStack(engineWith({}, 'tcp://10.0.0.9:2375'), swarmSpec(), options)).rejects.toMatchObject({ code: 'engine-elsewhere', exit: 3 });
    await expect(planStack(engineWith({}, 'tcp://10.0.0.9:2375'), specOf({}), options)).rejects.toMatchObject({ code: 'engine-elsewhere' });
  });

  it('wishes of a swarm for a stack of Kubernetes', async () => {
    await expect(planStack(engineWith({}), specOf({ settings: { autolock: 'true' } }), options)).rejects.toMatchObject({ code: 'provider-refuses', message: expect.stringContaining('--autolock is for a swarm') });
  });
});

describe('a cold start', () => {
  const ref: AppRef = { app: 'web', kind: 'swarm', stack: 'lab', namespace: 'web' };
  const endpoint: EndpointResult = { name: 'web', url: 'http://127.0.0.1:8080/get', host: '127.0.0.1:8080', address: '127.0.0.1:8080', path: '/get', curl: '', status: 200, verified: true };
  const options = { emit: () => undefined, signal: new AbortController().signal };
  const running = (done: string[], isAtRest = true) => ({
    appEndpoint: async () => endpoint, scaleApp: async (_ref: AppRef, replicas: number) => { done.push(`scale to ${replicas}`); }, untilReplicas: async () => isAtRest,
  });

  it('is counted from the command to start to the first good answer', async () => {
    const done: string[] = [];
    let asked = 0;
    const request = async () => {
      asked += 1;
      return { status: asked < 4 ? 503 : 200, headers: {}, body: '' };
    };
    expect(await coldStart({ clock: steppedClock(), http: { request } }, running(done), ref, options)).toBe(60);
    expect(done).toEqual(['scale to 0', 'scale to 1']);
  });

  it('of a Knative service is left to Knative', async () => {
    const done: string[] = [];
    const http = { request: async () => ({ status: 200, headers: {}, body: '' }) };
    await coldStart({ clock: steppedClock(), http }, running(done), { ...ref, kind: 'knative' }, options);
    expect(done).toEqual([]);
  });

  it('what does not come to rest is told, not waited for', async () => {
    const http = { request: () => Promise.reject(new Error('must not be asked')) };
    await expect(coldStart({ clock: steppedClock(), http }, running([], false), ref, options)).rejects.toMatchObject({ code: 'app-keeps-running' });
  });
});
