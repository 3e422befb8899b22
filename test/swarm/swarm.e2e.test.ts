// Three nodes for real: deploy, converge, update, fail and roll back, drain, rotate, remove; and that no request is lost meanwhile.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import { swarm as provider } from '../../src/clusters/swarm/index.ts';
import { type DeployReport, deployStack, imagesOf } from '../../src/swarm/deploy.ts';
import { changeNode, listNodes } from '../../src/swarm/nodes.ts';
import { deployedStacks, removeStack } from '../../src/swarm/remove.ts';
import { rollbackService, scaleService, updateService } from '../../src/swarm/service.ts';
import { normaliseStack, type StackPlan } from '../../src/swarm/stack/normalise.ts';
import { type SwarmRun, type SwarmTarget, targetOf } from '../../src/swarm/target.ts';
import { waitForServices } from '../../src/swarm/wait.ts';
import { engineFacts } from '../clusters/kind/kind-spec.ts';
import { type RealPorts, realPorts } from '../clusters/real-ports.ts';
import { swarmSpec } from '../clusters/swarm/swarm-spec.ts';

const NAME = 'test-swarm-deploy';
const CLUSTER = `devstack-${NAME}`;
const WEB_PORT = 18_146;
const DB_PORT = 18_147;
const HTTPBIN = 'ghcr.io/mccutchen/go-httpbin:2.25.0';

const plan = provider.plan(swarmSpec({ name: NAME, cluster: CLUSTER, nodes: 3 }), WEB_PORT, engineFacts);

function shop(token: string, version: string): StackPlan {
  return normaliseStack({
    file: {
      name: 'shop',
      services: {
        web: { image: HTTPBIN, ports: [`${WEB_PORT}:8080`], environment: { VERSION: version }, secrets: ['token'], depends_on: ['db'], deploy: { replicas: 3 } },
        db: {
          image: 'busybox:1.37', ports: [`${DB_PORT}:7000`], volumes: ['data:/data'], stop_grace_period: '1s',
          command: ['sh', '-c', "while true; do echo 'I am no HTTP' | nc -l -p 7000; done"],
        },
      },
      secrets: { token: { environment: 'TOKEN' } },
      volumes: { data: null },
    },
    name: undefined, owner: NAME, env: { TOKEN: token }, profiles: [], directory: '/', home: '/', nodesSeeHost: false, files: new Map(), images: {},
  });
}

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a swarm of three nodes', () => {
  let real: RealPorts;
  let target: SwarmTarget;
  const run = (): SwarmRun => ({ ports: real.ports, signal: AbortSignal.timeout(120_000), onProgress: () => undefined });
  const context = (): ProviderContext => run();
  const deploy = async (stack: StackPlan): Promise<DeployReport> => await deployStack(target, stack, { isPublic: false }, run());
  const manager = () => real.ports.engines.swarm(target.access.endpoint);
  const inManager = async (...command: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await real.ports.docker.exec(`${CLUSTER}-manager-1`, command);
    if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
    return stdout.trim();
  };

  beforeAll(async () => {
    real = await realPorts();
    const access = await provider.create(plan, context());
    if (access.runtime !== 'swarm') throw new Error('no swarm');
    target = targetOf({ stack: NAME, cluster: CLUSTER, provider: provider.id, access });
    for (const image of imagesOf(shop('a', '1'))) await provider.images?.load(plan, image, context());
  });
  afterAll(async () => {
    await provider.destroy(NAME, CLUSTER, context());
    await real.remove();
  });

  test('a stack of two services: deployed, and every port has answered', async () => {
    const report = await deploy(shop('one', '1'));
    expect(report).toMatchObject({ created: ['shop_db', 'shop_web'], changed: [], removed: [] });
    // The second speaks another protocol: it answers all the same.
    expect(report.ports).toMatchObject([{ service: 'shop_db', published: DB_PORT, status: undefined }, { service: 'shop_web', published: WEB_PORT, status: 200 }]);
    expect(await deployedStacks(target, run())).toEqual(['shop']);
    const gateways = await real.ports.docker.listContainers({ labels: [`dev.devstack.stack=${NAME}`, 'dev.devstack.role=gateway'] });
    expect(gateways.flatMap(({ ports }) => ports.map(({ hostAddress }) => hostAddress))).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  test('deployed again, nothing changes', async () => {
    const before = (await manager().list('task')).map(({ ID }) => ID).sort();
    expect(await deploy(shop('one', '1'))).toMatchObject({ created: [], changed: [], unchanged: ['shop_db', 'shop_web'], removed: [] });
    expect((await manager().list('task')).map(({ ID }) => ID).sort()).toEqual(before);
  });

  test('a change of somebody else is undone', async () => {
    await inManager('docker', 'service', 'update', '--quiet', '--detach', '--env-add', 'SPOILT=1', 'shop_web');
    expect(await deploy(shop('one', '1'))).toMatchObject({ changed: ['shop_web'], unchanged: ['shop_db'] });
  });

  test('converges: how much sooner devstack says so than docker does', async () => {
    const spec = (name: string) => ({ Name: name, TaskTemplate: { ContainerSpec: { Image: HTTPBIN } }, Mode: { Replicated: { Replicas: 2 } }, EndpointSpec: { Mode: 'dnsrr' } });
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    const docker = await timed(() => inManager('docker', 'service', 'create', '--quiet', '--detach=false', '--no-resolve-image', '--endpoint-mode', 'dnsrr', '--replicas', '2', '--name', 'by-docker', HTTPBIN));
    const ours = await timed(async () => {
      await manager().create('service', spec('by-devstack'));
      await waitForServices(manager(), ['by-devstack'], { ...run(), clock: real.ports.clock });
    });
    process.stderr.write(`converged: docker says so after ${(docker / 1000).toFixed(2)} s, devstack after ${(ours / 1000).toFixed(2)} s (${(docker / ours).toFixed(1)} times)\n`);
    for (const name of ['by-docker', 'by-devstack']) await manager().remove('service', name);
    // A figure, not a limit: on a machine that is busy, starting the tasks takes most of both times.
    expect(ours).toBeLessThan(docker);
  });

  test('a rolling update loses no request', async () => {
    const stop = new AbortController();
    const asking = askUntil(stop.signal, real.ports.http.request);
    await updateService(target, 'web', { env: { VERSION: '2' }, parallelism: 1 }, run());
    stop.abort();
    const { asked, lost } = await asking;
    process.stderr.write(`rolling update: ${asked} requests, ${lost.length} lost\n`);
    expect(lost).toEqual([]);
    expect(asked).toBeGreaterThan(100);
  });

  test('an update that fails is rolled back, told with its cause, and the old version answers', async () => {
    await expect(updateService(target, 'web', { image: 'example.com/absent:1', onFailure: 'rollback' }, run())).rejects.toMatchObject({
      code: 'swarm-service-failed', message: expect.stringMatching(/was rolled back: No such image: example.com\/absent:1/), details: { kind: 'image-missing' },
    });
    expect((await manager().get('service', 'shop_web'))?.Spec.TaskTemplate.ContainerSpec?.Image).toBe(HTTPBIN);
    expect((await real.ports.http.request({ url: `http://127.0.0.1:${WEB_PORT}/`, timeoutMs: 5000 })).status).toBe(200);
  });

  test('rolled back by hand', async () => {
    await updateService(target, 'web', { env: { VERSION: '3' }, parallelism: 0, monitor: 5e8 }, run());
    expect(await rollbackService(target, 'shop_web', run())).toMatchObject({ state: 'converged', running: 3 });
    expect((await manager().get('service', 'shop_web'))?.Spec.TaskTemplate.ContainerSpec?.Env).toContain('VERSION=2');
    await expect(rollbackService(target, 'db', run())).rejects.toMatchObject({ code: 'service-without-previous' });
  });

  test('scaled up and down', async () => {
    expect(await scaleService(target, 'web', 5, run())).toMatchObject({ running: 5, desired: 5 });
    expect(await scaleService(target, 'web', 3, run())).toMatchObject({ running: 3, desired: 3 });
    await expect(scaleService(target, 'nothing', 3, run())).rejects.toMatchObject({ code: 'service-unknown', reason: 'its services: shop_db, shop_web' });
  });

  test('a drained node is empty, and its tasks run elsewhere', async () => {
    expect(await changeNode(target, 'worker-1', 'drain', run())).toMatchObject({ name: 'worker-1', availability: 'drain', tasks: 0 });
    const rows = await listNodes(target, run());
    expect(rows.map(({ name, role, state }) => [name, role, state])).toEqual([['manager-1', 'manager', 'ready'], ['worker-1', 'worker', 'ready'], ['worker-2', 'worker', 'ready']]);
    expect(rows.reduce((sum, { tasks }) => sum + tasks, 0)).toBe(4);
    expect(await changeNode(target, 'worker-1', 'active', run())).toMatchObject({ availability: 'active' });
    expect(await changeNode(target, 'worker-1', 'promote', run())).toMatchObject({ role: 'manager', reachability: 'reachable' });
    expect(await changeNode(target, 'worker-1', 'demote', run())).toMatchObject({ role: 'worker', reachability: undefined });
    await expect(changeNode(target, 'manager-1', 'demote', run())).rejects.toMatchObject({ code: 'node-last-manager' });
  });

  test('another secret is another object, and the old one goes', async () => {
    const report = await deploy(shop('two', '1'));
    expect(report.changed).toEqual(['shop_web']);
    expect(report.removed).toEqual([expect.stringMatching(/^secret shop_token_/)]);
    expect(await manager().list('secret')).toHaveLength(1);
  });

  test('what is wrong ends at once, with the cause', async () => {
    const file = (body: object) => normaliseStack({
      file: { name: 'bad', services: { bad: { image: HTTPBIN, ...body } } }, name: undefined, owner: NAME, env: {}, profiles: [], directory: '/', home: '/', nodesSeeHost: false,
      files: new Map(), images: {},
    });
    const failing: readonly (readonly [object, object])[] = [
      [{ deploy: { placement: { constraints: ['node.hostname==mars'] } } }, { details: { kind: 'no-suitable-node' } }],
      [{ image: 'busybox:1.37', command: ['sh', '-c', 'echo no database; exit 3'] }, { details: { kind: 'crashed' }, reason: 'its last line of log: no database' }],
      [{ image: 'busybox:1.37', command: ['sleep', '600'], stop_grace_period: '200ms', healthcheck: { test: ['CMD', 'false'], interval: '200ms', retries: 1 } }, { details: { kind: 'unhealthy' } }],
    ];
    for (const [body, expected] of failing) {
      await expect(deploy(file(body))).rejects.toMatchObject({ code: 'swarm-service-failed', ...expected });
      await removeStack(target, 'bad', run());
    }
    await expect(deploy(file({ colour: 'blue' }))).rejects.toMatchObject({ code: 'stack-file-invalid' });
    await expect(deploy(file({ image: HTTPBIN, ports: [`${WEB_PORT}:8080`] }))).rejects.toMatchObject({ code: 'swarm-port-taken' });
    await removeStack(target, 'bad', run());
  });

  test('removed: no container, network, secret or port of it is left; its data is', async () => {
    const { removed, kept } = await removeStack(target, 'shop', run());
    expect(removed).toEqual(expect.arrayContaining([`port ${WEB_PORT}`, `port ${DB_PORT}`, 'service shop_db', 'service shop_web', 'network shop_default']));
    expect(kept).toEqual(['volume shop_data']);
    for (const node of ['manager-1', 'worker-1', 'worker-2']) {
      expect(await real.ports.engines.docker(`container:${CLUSTER}-${node}`).listContainers({ labels: ['com.docker.stack.namespace=shop'] })).toEqual([]);
    }
    expect(await manager().list('secret')).toEqual([]);
    expect((await manager().list('network')).map(({ Name }) => Name).sort()).toEqual([`${CLUSTER}-ingress`, 'ingress']);
    expect(await real.ports.network.canBind(WEB_PORT)).toBe(true);
    await expect(removeStack(target, 'shop', run())).rejects.toMatchObject({ code: 'deployment-unknown' });
  });
});

/** Asks twenty times a second, each on a connection of its own. */
async function askUntil(stop: AbortSignal, request: RealPorts['ports']['http']['request']): Promise<{ readonly asked: number; readonly lost: readonly string[] }> {
  const lost: string[] = [];
  const pending: Promise<void>[] = [];
  const ask = async (): Promise<void> => {
    try {
      const { status } = await request({ url: `http://127.0.0.1:${WEB_PORT}/delay/0.1`, timeoutMs: 10_000 });
      if (status !== 200) lost.push(String(status));
    } catch (error) {
      lost.push(String(error));
    }
  };
  while (!stop.aborted) {
    pending.push(ask());
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  await Promise.all(pending);
  return { asked: pending.length, lost };
}
