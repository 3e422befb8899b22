// E. The engine and the machine. F. The Kubernetes API.
import { expect } from 'vitest';
import type { Api } from '../../../src/clusters/rehearsal/controllers/api.ts';
import { StatusError } from '../../../src/clusters/rehearsal/server/status.ts';
import { findEngine, isLocalEndpoint } from '../../../src/host/docker-endpoint.ts';
import { createKubeSets } from '../../../src/kube/sets.ts';
import { failedError, preconditionError } from '../../../src/model/error.ts';
import { ERRORS, happenings } from '../fault-kinds.ts';
import { violations } from '../invariants.ts';
import type { Fault } from '../life.ts';
import { Life } from '../life.ts';
import { BASE, down, KNATIVE, up } from '../runs.ts';
import { World } from '../world.ts';
import { cleared, endOf, expectCode, type FaultCase, faultAt, indexOf, refused, strike, strikeAt } from './case.ts';

const MENDS = 'told or stood, the next up mends it';
const PATCHES = /^kube PATCH .*deployments/;

const error = (name: string): Fault => {
  const found = ERRORS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`no fault ${name}`);
  return found;
};
const happening = (name: string) => (world: World): Fault => happenings(world, () => { throw new Error('not asked'); }).find((fault) => fault.name === name) ?? { name: 'none' };

function wire(number: number, fault: string, name: string, pattern: RegExp): FaultCase {
  return { number, fault, injected: `${name}, once, at ${String(pattern).replaceAll(/[/\\^]/g, '')}`, expected: MENDS, run: strikeAt(pattern, () => error(name)) };
}

/** The same answer at every fifth call. */
function storm(number: number, fault: string, name: string): FaultCase {
  return { number, fault, injected: `${name} at every fifth call`, expected: MENDS, run: ({ full }) => strike(full, () => ({ faults: new Map(full.points.flatMap((_, index) => (index % 5 === 0 ? [[index, error(name)] as const] : []))) })) };
}

export const engineCases: readonly FaultCase[] = [
  { number: 70, fault: 'the engine does not run', injected: 'every call fails', expected: 'exit 3 before anything is made', run: async ({ base }) => { const seen = await strike(base, () => ({ faults: new Map(Array.from({ length: 30 }, (_, index) => [index, error('engine gone')] as const)) })); expect(seen).toBe('exit 3 docker-not-running'); return seen; } },
  { number: 71, fault: 'no permission on the socket', injected: 'every call is refused', expected: 'exit 3 before anything is made', run: async ({ base }) => { const fault: Fault = { name: 'denied', before: () => preconditionError({ code: 'docker-no-permission', message: 'permission denied' }) }; const seen = await strike(base, () => ({ faults: new Map(Array.from({ length: 30 }, (_, index) => [index, fault] as const)) })); expect(seen).toBe('exit 3 docker-no-permission'); return seen; } },
  { number: 72, fault: 'the engine dies in the middle of a creation', injected: 'gone after the network was made', expected: MENDS, run: strikeAt(/^docker createNetwork/, () => error('engine gone after it did it')) },
  { number: 73, fault: 'the engine restarts', injected: 'the node is stopped', expected: MENDS, run: strikeAt(PATCHES, happening('node stopped by hand')) },
  { number: 76, fault: 'the named port is busy', injected: 'somebody listens on 8080', expected: 'port-taken, nothing made', run: ({ base }) => refused(base, 'port-taken', (world) => { world.engine.takenPorts.add(8080); }, (world) => { world.engine.takenPorts.clear(); }, { ...BASE, portIsFixed: true }) },
  { number: 76, fault: 'the usual port is busy', injected: 'somebody listens on 8080', expected: 'another one, and that is said', run: async ({ base }) => { const world = new World(base.empty); world.engine.takenPorts.add(8080); const first = await up(world, {}, BASE); expect([first.exit, JSON.stringify(first.told)]).toEqual([0, expect.stringContaining('port 8080 is taken')]); await cleared(world); return endOf(first); } },
  { number: 77, fault: 'the port is taken between check and bind', injected: 'kind cannot publish it', expected: 'told, the next up mends it', run: strikeAt(/^kind: node made/, () => ({ name: 'port', before: () => new Error('Bind for 127.0.0.1:8080 failed: port is already allocated') })) },
  { number: 78, fault: 'no subnet is left', injected: 'createNetwork refuses', expected: 'kind-no-subnet', run: ({ base }) => refused(base, 'kind-no-subnet', (world) => { world.engine.networkFailure = failedError({ code: 'docker-failed', message: 'no', reason: 'could not find an available, non-overlapping IPv4 address pool' }); }, (world) => { world.engine.networkFailure = undefined; }) },
  { number: 80, fault: 'too little memory', injected: 'an engine of 512 MiB', expected: 'does-not-fit, with what would', run: ({ full }) => refused(full, 'does-not-fit', (world) => { world.engine.info = { ...world.engine.info, cpus: 1, memoryBytes: 2 ** 29 }; }, (world) => { world.engine.info = { ...world.engine.info, cpus: 4, memoryBytes: 8 * 2 ** 30 }; }) },
  { number: 81, fault: 'a container of our name that is not ours', injected: 'devstack-dev-control-plane on another network', expected: 'refused and untouched', run: async ({ base }) => { const world = new World(base.empty); world.engine.addContainer('devstack-dev-control-plane', { networks: ['other'] }); const first = await up(world, {}, BASE); expect(first.code).toBe('cluster-not-ours'); expect((await down(world)).code).toBe('cluster-not-ours'); expect(world.engine.containers).toHaveLength(2); return endOf(first); } },
  { number: 82, fault: 'the engine does not remove a container', injected: '"did not receive an exit event" once', expected: 'told, the next down ends it', run: async ({ base }) => { const world = new World(base.empty); await up(world, {}, BASE); const first = await down(world, faultAt(base.downPoints.findIndex((point) => point.startsWith('docker removeContainer')), error('engine refuses'))); await cleared(world); return endOf(first); } },
  { number: 83, fault: 'DOCKER_HOST on another machine', injected: 'tcp://10.0.0.1:2375', expected: 'known as remote', run: async () => { const found = await findEngine({ env: { DOCKER_HOST: 'tcp://10.0.0.1:2375' }, os: 'linux', home: '/nonexistent' }); expect(isLocalEndpoint(found.endpoint)).toBe(false); return found.endpoint; } },
  { number: 83, fault: 'DOCKER_HOST is nonsense', injected: 'DOCKER_HOST=::', expected: 'docker-endpoint-invalid', run: () => expectCode('docker-endpoint-invalid', async () => isLocalEndpoint((await findEngine({ env: { DOCKER_HOST: 'tcp://[::' }, os: 'linux', home: '/nonexistent' })).endpoint)) },
  { number: 85, fault: 'the clock jumps an hour ahead', injected: 'in the middle of an apply', expected: MENDS, run: strikeAt(PATCHES, happening('clock an hour ahead')) },
  { number: 85, fault: 'the clock jumps an hour back', injected: 'in the middle of an apply', expected: MENDS, run: strikeAt(PATCHES, happening('clock an hour back')) },
  { number: 86, fault: 'the laptop sleeps', injected: 'an hour passes while kind works', expected: MENDS, run: strikeAt(/^kind: control plane up/, (world) => ({ name: 'sleep', meanwhile: () => { world.time += 3_600_000; } })) },
  { number: 87, fault: 'an architecture without node images', injected: 'riscv64', expected: 'kind-architecture', run: ({ base }) => refused(base, 'kind-architecture', (world) => { world.engine.info = { ...world.engine.info, architecture: 'riscv64' }; }, (world) => { world.engine.info = { ...world.engine.info, architecture: 'amd64' }; }) },
  { number: 75, fault: 'cgroup v1', injected: 'an old engine', expected: 'an older Kubernetes, and that is said', run: async ({ base }) => { const world = new World(base.empty); world.engine.info = { ...world.engine.info, cgroupVersion: '1' }; const first = await up(world, {}, BASE); expect([first.exit, JSON.stringify(first.told)]).toEqual([0, expect.stringContaining('cgroup v1')]); await cleared(world); return endOf(first); } },
];

/** A cluster with Knative, and its API. */
async function running(bench: { readonly empty: World['clusters'] extends never ? never : ConstructorParameters<typeof World>[0] }): Promise<{ readonly world: World; readonly api: Api }> {
  const world = new World(bench.empty);
  expect((await up(world, {}, KNATIVE)).exit).toBe(0);
  const api = world.cluster()?.api;
  if (api === undefined) throw new Error('no cluster');
  return { world, api };
}

export const apiCases: readonly FaultCase[] = [
  storm(90, 'a storm of 409', 'API 409'),
  wire(91, '429 with Retry-After', 'API 429', PATCHES),
  storm(92, 'a server that flaps', 'API 503'),
  wire(92, '500', 'API 500', PATCHES),
  wire(92, '504', 'API 504', PATCHES),
  wire(93, 'reset after the request was accepted', 'connection reset after the request was accepted', PATCHES),
  wire(93, 'reset after the inventory was written', 'connection reset after the request was accepted', /^kube PATCH .*configmaps/),
  wire(93, 'reset before it', 'connection reset', PATCHES),
  wire(94, 'a watch that is refused', 'API 410', /^kube WATCH/),
  wire(94, 'a watch that breaks', 'connection reset', /^kube WATCH/),
  wire(95, 'discovery fails for a group', 'API 503', /^kube GET \/apis\//),
  { number: 96, fault: 'a webhook that does not answer yet', injected: 'refused for the first five tries', expected: 'waited for', run: async ({ full }) => {
    let tries = 0;
    return strike(full, (world) => faultAt(indexOf(full, /^kind: storage/), { name: 'webhook', meanwhile: () => world.cluster()?.core.admissions.add(({ resource }) => {
      tries += 1;
      if (resource.group === 'serving.knative.dev' && tries < 5) throw new StatusError(500, 'InternalError', 'Internal error occurred: failed calling webhook "webhook.serving.knative.dev": dial tcp 10.96.1.2:443: connect: connection refused');
    }) }));
  } },
  wire(98, 'a kind that is not served yet', 'connection refused', /^kube GET \/apis\/serving/),
  { number: 100, fault: 'a field that a person has changed', injected: 'config-domain edited, up again', expected: 'kept and told; taken back on demand only', run: async (bench) => {
    const { world, api } = await running(bench);
    await api.as('kubectl-edit').update({ key: 'configmaps', namespace: 'knative-serving', name: 'config-domain' }, (draft) => { draft['data'] = { of: 'a person' }; });
    const again = await up(world, {}, KNATIVE);
    expect([again.exit, JSON.stringify(again.told)]).toEqual([0, expect.stringContaining('was changed by kubectl-edit')]);
    expect(JSON.stringify(api.get({ key: 'configmaps', namespace: 'knative-serving', name: 'config-domain' }))).toContain('a person');
    await cleared(world);
    return 'kept';
  } },
  { number: 101, fault: 'an object that somebody removed', injected: 'a Deployment deleted, up again', expected: 'made again', run: async (bench) => {
    const { world, api } = await running(bench);
    const ref = { key: 'deployments.apps', namespace: 'knative-serving', name: 'activator' };
    await api.delete(ref);
    expect((await up(world, {}, KNATIVE)).exit).toBe(0);
    expect(api.get(ref)).toBeDefined();
    await cleared(world);
    return 'made again';
  } },
  { number: 102, fault: 'an object that the server refuses', injected: '403 at a Deployment', expected: 'told, the next up mends it', run: strikeAt(PATCHES, () => error('API 403')) },
  { number: 105, fault: 'the cluster was replaced under its name', injected: 'kind delete, then a cluster of somebody else', expected: 'refused and untouched', run: async (bench) => {
    const { world } = await running(bench);
    world.engine.containers.splice(1, 9);
    world.engine.networks.splice(1, 9);
    world.engine.addNetwork('kind');
    world.engine.addContainer('devstack-dev-control-plane', { labels: { 'io.x-k8s.kind.cluster': 'devstack-dev' }, networks: ['kind'] });
    const again = await up(world, {}, KNATIVE);
    expect([again.code, ...await violations(world, again)]).toEqual(['cluster-not-ours']);
    expect((await down(world)).code).toBe('cluster-not-ours');
    return endOf(again);
  } },
  { number: 105, fault: 'another server answers at the port', injected: 'a certificate of somebody else', expected: 'refused', run: strikeAt(PATCHES, () => error('certificate of another server')) },
  { number: 118, fault: 'an empty manifest', injected: 'apply of nothing', expected: 'refused: it would remove all', run: async (bench) => {
    const { world } = await running(bench);
    const life = new Life();
    const ports = world.ports(life);
    const client = await ports.kubeConnector.connect({ runtime: 'kubernetes', kubeconfig: ports.kubeconfigs.pathOf('dev'), context: 'kind-devstack-dev' });
    return expectCode('empty-set', () => createKubeSets(ports.clock).apply(client, { stack: 'dev', part: 'kourier', objects: [] }, { onProgress: () => undefined, signal: life.stop.signal }));
  } },
];
