// What is done to one service that runs: scale, update, roll back. Each ends when the service has converged, or failed with its cause.
import { usageError } from '../model/error.ts';
import type { ServiceSpec, SwarmService, UpdateConfig } from '../model/swarm.ts';
import { watched } from './deploy.ts';
import { changeService } from './ensure.ts';
import type { ServiceStatus } from './status.ts';
import { connect, findService, type SwarmRun, type SwarmTarget } from './target.ts';
import { waitForServices } from './wait.ts';

export interface ServiceChange {
  readonly image?: string;
  /** Added to the environment, or taking the place of what has the same name. */
  readonly env?: { readonly [name: string]: string };
  /** Replace the tasks though nothing else changes. */
  readonly force?: boolean;
  /** How many tasks at a time; 0 for all. */
  readonly parallelism?: number;
  /** Nanoseconds between two of them. */
  readonly delay?: number;
  /** Nanoseconds that Swarm watches a new task for. */
  readonly monitor?: number;
  readonly onFailure?: 'pause' | 'continue' | 'rollback';
  readonly order?: 'stop-first' | 'start-first';
}

/** Throws `service-unknown`, `service-not-scalable`, and what `waitForServices` throws. */
export async function scaleService(target: SwarmTarget, name: string, replicas: number, run: SwarmRun): Promise<ServiceStatus> {
  const swarm = connect(target, run);
  const service = await findService(swarm, target, name);
  if (service.Spec.Mode?.Replicated === undefined) throw notScalable(service);
  await changeService(swarm, service.ID, ({ Spec }) => ({ ...Spec, Mode: { Replicated: { Replicas: replicas } } }));
  return await converged(target, service, run);
}

/** As above; an update that Swarm rolled back or paused throws too, after the old version runs again. */
export async function updateService(target: SwarmTarget, name: string, change: ServiceChange, run: SwarmRun): Promise<ServiceStatus> {
  const swarm = connect(target, run);
  const service = await findService(swarm, target, name);
  await changeService(swarm, service.ID, ({ Spec }) => changed(Spec, change));
  return await converged(target, service, run);
}

/** Back to the version before the last update. Throws `swarm-refused` when there was none. */
export async function rollbackService(target: SwarmTarget, name: string, run: SwarmRun): Promise<ServiceStatus> {
  const swarm = connect(target, run);
  const service = await findService(swarm, target, name);
  if (service.PreviousSpec === undefined) throw nothingBefore(service);
  await swarm.rollback(service);
  return await converged(target, service, run, true);
}

async function converged(target: SwarmTarget, { Spec }: SwarmService, run: SwarmRun, isRollback = false): Promise<ServiceStatus> {
  const options = { clock: run.ports.clock, onProgress: run.onProgress, signal: run.signal, isRollback };
  const [status] = await waitForServices(connect(target, run), [Spec.Name], options);
  if (status === undefined) throw new Error(`no status of ${Spec.Name}`);
  return status;
}

/** The spec with the change in it. Pure. */
export function changed(spec: ServiceSpec, change: ServiceChange): ServiceSpec {
  const { ContainerSpec: container, ...template } = spec.TaskTemplate;
  const next: ServiceSpec = {
    ...spec,
    TaskTemplate: {
      ...template,
      ...(container === undefined ? {} : { ContainerSpec: { ...container, ...(change.image === undefined ? {} : { Image: change.image }), ...environment(container.Env, change.env) } }),
      ...(change.force === true ? { ForceUpdate: (template.ForceUpdate ?? 0) + 1 } : {}),
    },
    ...policy(spec, change),
  };
  return { ...next, ...watched(next) };
}

function environment(before: readonly string[] = [], added: ServiceChange['env']): { readonly Env?: readonly string[] } {
  if (added === undefined) return {};
  const kept = before.filter((line) => !Object.hasOwn(added, line.split('=')[0] ?? ''));
  return { Env: [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)] };
}

function policy({ UpdateConfig: before }: ServiceSpec, change: ServiceChange): { readonly UpdateConfig?: UpdateConfig } {
  const wishes = {
    ...(change.parallelism === undefined ? {} : { Parallelism: change.parallelism }),
    ...(change.delay === undefined ? {} : { Delay: change.delay }),
    ...(change.monitor === undefined ? {} : { Monitor: change.monitor }),
    ...(change.onFailure === undefined ? {} : { FailureAction: change.onFailure }),
    ...(change.order === undefined ? {} : { Order: change.order }),
  };
  if (before === undefined && Object.keys(wishes).length === 0) return {};
  return { UpdateConfig: { Parallelism: 1, ...before, ...wishes } };
}

function notScalable({ Spec }: SwarmService) {
  return usageError({
    code: 'service-not-scalable', message: `${Spec.Name} is not scaled by a number: it runs ${Spec.Mode?.Global === undefined ? 'to its end' : 'once on each node'}`,
    hints: [{ text: 'See the nodes', command: 'devstack node list' }],
  });
}

function nothingBefore({ Spec }: SwarmService) {
  return usageError({
    code: 'service-without-previous', message: `${Spec.Name} has not been updated, so there is nothing to go back to`,
    hints: [{ text: 'Update it first', command: `devstack update ${Spec.Name} --image IMAGE` }],
  });
}
