// The process of a rehearsal: API server, controllers, gateway and autoscaler, until it is asked to end or its folder is gone.
import { preconditionError } from '../../model/error.ts';
import type { Ports } from '../../ports.ts';
import { Activator } from './activator.ts';
import { Autoscaler } from './autoscaler.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Faults, faultsOf, parseFault } from './controllers/faults.ts';
import { Events } from './events.ts';
import { startGateway } from './gateway.ts';
import { type Place, placeOf, type RehearsalRecord, readRecord } from './place.ts';
import { ProcessUsage } from './process-usage.ts';
import { Routes } from './routes.ts';
import { createRunner, isForApps } from './runner.ts';
import { loadSnapshot, saveChanges } from './server/persistence.ts';
import { writeShims } from './shims.ts';

/** Nobody waits for a pretended image: everything takes a twentieth of its time. */
const PACE = { scale: 0.05 };
/** Somebody may remove the folder by hand: then nothing is left to run for. */
const LOOK_MS = 1_000;

export interface ProcessWorld {
  readonly ports: Ports;
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal;
  /** For the log. */
  say(line: string): void;
}

/** Runs until the signal aborts. Throws `rehearsal-missing` when there is none of that name, and what the system says of its ports. */
export async function runRehearsal(stack: string, { ports, signal, say }: ProcessWorld): Promise<void> {
  const place = placeOf(ports, stack);
  const record = await readRecord(ports.files, place);
  if (record === undefined) throw preconditionError({ code: 'rehearsal-missing', message: `there is no rehearsal ${stack}`, hints: [{ text: 'make one', command: `devstack up knative --provider rehearsal --name ${stack}` }] });
  const onBug = (error: unknown): void => say(`mistake: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  // Its folder may be removed under it, and another one made under the same name.
  const isWanted = async (): Promise<boolean> => (await readRecord(ports.files, place))?.token === record.token;
  const { cluster, activator, routes } = await openCluster(place, record, { ports, onBug });
  const saver = saveChanges(cluster.server, { files: ports.files, clock: ports.clock, path: place.snapshot, isWanted, onError: onBug });
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  try {
    const gateway = record.port === undefined ? undefined : await startGateway(record.port, { routes, activator, onBug });
    const scaling = new Autoscaler(cluster.api, activator, ports.clock).run(ending, onBug);
    if (await isWanted()) await ports.files.write(place.process, `${JSON.stringify(await ports.background.own())}\n`);
    say(`rehearsal ${stack}: API on 127.0.0.1:${record.apiPort}${record.port === undefined ? '' : `, ingress on 127.0.0.1:${record.port}`}`);
    while (!ending.aborted && await isWanted()) await ports.clock.sleep(LOOK_MS, ending).catch(() => undefined);
    stop.abort();
    await scaling;
    await gateway?.close();
  } finally {
    stop.abort();
    activator.close();
    await saver.close();
    await cluster.close();
    if (await isWanted()) await ports.files.remove(place.process);
  }
}

async function openCluster(place: Place, record: RehearsalRecord, { ports, onBug }: { readonly ports: Ports; onBug(error: unknown): void }): Promise<{ readonly cluster: Cluster; readonly activator: Activator; readonly routes: Routes }> {
  const snapshot = await loadSnapshot(ports.files, place.snapshot);
  // Known only once it has started; nothing runs before that.
  const late: { cluster?: Cluster; events?: Events } = {};
  const runner = createRunner({
    ports, place, shims: await writeShims(ports.files, place), usage: new ProcessUsage(ports),
    isForApps: (namespace) => isForApps(late.cluster?.api.get({ key: 'namespaces', namespace: '', name: namespace })),
  });
  const faults = new Faults(faultsOf(record.settings).map(parseFault));
  const cluster = await startCluster({
    clock: ports.clock, yaml: ports.yaml, port: record.apiPort, token: record.token, pace: PACE, faults, runner, onBug, proxy: async (call) => late.events?.call(call), ...(snapshot === undefined ? {} : { snapshot }),
  });
  late.cluster = cluster;
  const [activator, routes] = [new Activator(cluster, ports.clock), new Routes(cluster.api)];
  late.events = new Events({ api: cluster.api, activator, routes, clock: ports.clock });
  return { cluster, activator, routes };
}
