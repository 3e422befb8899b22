// One deployed app while it runs: its services, how many tasks they have, what they say, and the ports that lead there.
import { isJsonObject, parseJson } from '../model/json.ts';
import { DOCKER_PROBE_LABEL } from '../model/label.ts';
import type { SwarmService, SwarmTask } from '../model/swarm.ts';
import type { Swarm } from '../ports.ts';
import { changeService } from './ensure.ts';
import type { PortProbe } from './proof.ts';
import { NAMESPACE_LABEL } from './stack/normalise.ts';
import { connect, memberFilter, type SwarmRun, type SwarmTarget } from './target.ts';

/** Its services, by name; empty when nothing of that name is deployed. */
export async function servicesOf(target: SwarmTarget, name: string, run: SwarmRun): Promise<readonly SwarmService[]> {
  const services = await connect(target, run).list('service', memberFilter(target), run.signal);
  return services.filter((service) => deploymentOf(service) === name).sort((a, b) => a.Spec.Name.localeCompare(b.Spec.Name));
}

/** The name under which a service was deployed. */
export function deploymentOf({ Spec }: SwarmService): string {
  return Spec.Labels?.[NAMESPACE_LABEL] ?? Spec.Name;
}

/** The request that proves a service, where its app says one. */
export function probeOfService({ Spec }: SwarmService): PortProbe | undefined {
  // A label may be of somebody else.
  const value = parseJson(Spec.Labels?.[DOCKER_PROBE_LABEL] ?? '');
  if (!isJsonObject(value)) return undefined;
  const { path, status, body } = value;
  if (typeof path !== 'string' || typeof status !== 'number') return undefined;
  return { path, status, ...(typeof body === 'string' ? { body } : {}) };
}

/** How many tasks of these services run right now. */
export async function countRunning(swarm: Swarm, services: readonly SwarmService[], signal: AbortSignal): Promise<number> {
  if (services.length === 0) return 0;
  const tasks = await swarm.list('task', { service: services.map(({ ID }) => ID), 'desired-state': ['running'] }, signal);
  return tasks.filter(({ Status }) => Status.State === 'running').length;
}

/** Asks for so many tasks of each service that has a number of them; waits for none. */
export async function setReplicas(swarm: Swarm, services: readonly SwarmService[], replicas: number): Promise<void> {
  for (const { ID } of services.filter(({ Spec }) => Spec.Mode?.Replicated !== undefined)) {
    await changeService(swarm, ID, ({ Spec }) => ({ ...Spec, Mode: { Replicated: { Replicas: replicas } } }));
  }
}

// ── logs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface NamedLine {
  /** `web.1`: the service without the name of its app, and the place of the task. */
  readonly task: string;
  readonly line: string;
}

/** The newest lines of each task; with `follow` also what comes, from tasks that come too, until the signal aborts. */
export async function* logsOf(
  target: SwarmTarget, services: readonly SwarmService[], choice: { readonly tail: number; readonly follow: boolean }, run: SwarmRun,
): AsyncGenerator<NamedLine> {
  const swarm = connect(target, run);
  const over = new AbortController();
  const signal = AbortSignal.any([run.signal, over.signal]);
  const read = services.map((service) => namedLines(swarm, service, swarm.serviceLogs(service.ID, choice, signal), signal));
  try {
    yield* merged(read);
  } finally {
    over.abort();
  }
}

async function* namedLines(swarm: Swarm, service: SwarmService, lines: AsyncIterable<{ readonly task: string; readonly line: string }>, signal: AbortSignal): AsyncGenerator<NamedLine> {
  let names = new Map<string, string>();
  for await (const { task, line } of lines) {
    if (!names.has(task) && !signal.aborted) names = new Map((await swarm.list('task', { service: [service.ID] }, signal)).map((each) => [each.ID, taskName(service, each)]));
    yield { task: names.get(task) ?? shortName(service), line };
  }
}

function shortName(service: SwarmService): string {
  const prefix = `${deploymentOf(service)}_`;
  return service.Spec.Name.startsWith(prefix) ? service.Spec.Name.slice(prefix.length) : service.Spec.Name;
}

/** A global service has no places: its tasks are told apart by the beginning of their ids. */
function taskName(service: SwarmService, { ID, Slot }: SwarmTask): string {
  return `${shortName(service)}.${Slot ?? ID.slice(0, 5)}`;
}

/** What any of them yields, as it comes. */
async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pull = async (source: AsyncGenerator<T>) => ({ source, result: await source.next() });
  const waiting = new Map(sources.map((source) => [source, pull(source)]));
  while (waiting.size > 0) {
    const { source, result } = await Promise.race(waiting.values());
    if (result.done === true) waiting.delete(source);
    else {
      waiting.set(source, pull(source));
      yield result.value;
    }
  }
}
