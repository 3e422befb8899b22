// Use cases of `open`, `load`, `logs` and of demonstrations, for an app in a swarm.
import { preconditionError, usageError } from '../../model/error.ts';
import type { SwarmService } from '../../model/swarm.ts';
import type { LoadHttp, Ports } from '../../ports.ts';
import { countRunning, logsOf, probeOfService, servicesOf, setReplicas } from '../../swarm/deployment.ts';
import { openedPorts } from '../../swarm/gateways.ts';
import { askPorts } from '../../swarm/proof.ts';
import { deployedStacks } from '../../swarm/remove.ts';
import { connect, findService, type SwarmRun, type SwarmTarget } from '../../swarm/target.ts';
import type { AppLoadRequest, AppRef, AppUseCases, LogLine } from '../app-use-cases.ts';
import type { EndpointResult, RunOptions } from '../use-cases.ts';
import { loadSpecOf, runCountedLoad } from './app-load.ts';
import { endpointOfStatus } from './swarm-status.ts';
import { locateSwarm, runOf } from './swarm-target.ts';

/** Between two looks at how many tasks run. */
const LOOK_AGAIN_MS = 250;

interface Found {
  readonly target: SwarmTarget;
  readonly run: SwarmRun;
  readonly services: readonly SwarmService[];
}

async function find(ports: Ports, { app, stack }: Pick<AppRef, 'app' | 'stack'>, options: RunOptions): Promise<Found> {
  const { target } = await locateSwarm(ports, stack, options);
  const run = runOf(ports, options);
  return { target, run, services: await servicesOf(target, app, run) };
}

export async function listSwarmApps(ports: Ports, stack: string, options: RunOptions): Promise<readonly AppRef[]> {
  const { target } = await locateSwarm(ports, stack, options);
  const names = await deployedStacks(target, runOf(ports, options));
  return names.map((app) => ({ app, kind: 'swarm', stack: target.stack, namespace: app }));
}

/** By the name of an app, or of one of its services. */
export async function* swarmLogs(ports: Ports, name: { readonly app: string; readonly stack: string | undefined }, choice: { readonly tailLines: number; readonly follow: boolean }, options: RunOptions): AsyncGenerator<LogLine> {
  const { target } = await locateSwarm(ports, name.stack, options);
  const run = runOf(ports, options);
  const deployed = await servicesOf(target, name.app, run);
  const services = deployed.length > 0 ? deployed : [await findService(connect(target, run), target, name.app)];
  for await (const { task, line } of logsOf(target, services, { tail: choice.tailLines, follow: choice.follow }, run)) yield { pod: task, line };
}

/** The first of its ports, asked just now. Throws `app-unreachable` when it publishes none. */
export async function swarmEndpoint(ports: Ports, ref: AppRef, options: RunOptions): Promise<EndpointResult> {
  const { target, run, services } = await find(ports, ref, options);
  const port = (await openedPorts(target, run)).find(({ namespace }) => namespace === ref.app);
  if (port === undefined) {
    throw preconditionError({
      code: 'app-unreachable', message: `${ref.app} has no way in from this machine`, reason: 'none of its services publishes a port',
      hints: [{ text: 'see what runs', command: `devstack status ${ref.stack}` }],
    });
  }
  const [answer] = await askPorts([port], run, new Map(services.map((service) => [service.Spec.Name, probeOfService(service)])));
  if (answer === undefined) throw new Error('the port was not asked');
  return endpointOfStatus(answer);
}

export async function loadSwarmApp(ports: Ports, loadHttp: LoadHttp, request: AppLoadRequest, options: RunOptions) {
  const { target, run, services } = await find(ports, request.ref, options);
  // An engine elsewhere was allowed by name, or its ports would not be known here.
  const spec = loadSpecOf(request, await swarmEndpoint(ports, request.ref, options), true);
  const swarm = connect(target, run);
  return runCountedLoad({ clock: ports.clock, http: loadHttp }, {
    spec, request,
    async watch(onCount, signal) {
      for (;;) {
        onCount(await countRunning(swarm, services, signal));
        await ports.clock.sleep(LOOK_AGAIN_MS, signal);
      }
    },
  }, options.signal);
}

export async function scaleSwarmApp(ports: Ports, ref: AppRef, replicas: number, options: RunOptions): Promise<void> {
  const { target, run, services } = await find(ports, ref, options);
  await setReplicas(connect(target, run), services, replicas);
}

export async function untilTasks(ports: Ports, wish: Parameters<AppUseCases['untilReplicas']>[0], options: RunOptions): Promise<boolean> {
  const { target, run, services } = await find(ports, wish.ref, options);
  const swarm = connect(target, run);
  const deadline = ports.clock.monotonic() + wish.timeoutMs;
  while (!wish.isReached(await countRunning(swarm, services, options.signal))) {
    if (ports.clock.monotonic() > deadline) return false;
    await ports.clock.sleep(LOOK_AGAIN_MS, options.signal);
  }
  return true;
}

export function appMissing(app: string, apps: readonly AppRef[]) {
  return usageError({
    code: 'app-missing', message: `no app ${JSON.stringify(app)} was deployed here`, reason: apps.length === 0 ? 'there are none' : `there are ${apps.map((each) => each.app).join(', ')}`,
    hints: [{ text: 'deploy one', command: 'devstack deploy' }],
  });
}
