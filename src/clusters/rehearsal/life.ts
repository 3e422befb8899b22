// The life of a rehearsal's process: begun once, found again by its mark, ended by its mark, and never another one.
import { randomBytes } from 'node:crypto';
import type { KubernetesAccess } from '../../model/access.ts';
import { failedError, notReadyError, preconditionError } from '../../model/error.ts';
import type { ClusterFacts } from '../../model/fact.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { Ports, ProcessMark } from '../../ports.ts';
import type { ProviderContext } from '../provider.ts';
import { NODE_SIZE } from './controllers/node.ts';
import { type Place, placeOf, type RehearsalRecord, readProcess, readRecord, writeRecord } from './place.ts';
import { kubeconfigOf } from './server/api-server.ts';
import { KUBERNETES } from './server/kinds.ts';

/** The hidden command that is the process. */
export const PROCESS_COMMAND = '__rehearsal';

const LOOK_AGAIN_MS = 15;
/** A Node that has not begun to listen after this is stuck. */
const START_MS = 30_000;
/** Samples are asked to end within this. */
const GRACE_MS = 5_000;
const LOG_LINES = 5;

interface Found {
  readonly place: Place;
  readonly record: RehearsalRecord | undefined;
  /** Set while the process lives. */
  readonly mark: ProcessMark | undefined;
}

async function find(ports: Ports, stack: string): Promise<Found> {
  const place = placeOf(ports, stack);
  const [record, mark] = await Promise.all([readRecord(ports.files, place), readProcess(ports.files, place)]);
  const isAlive = mark !== undefined && await ports.background.isAlive(mark);
  return { place, record, mark: isAlive ? mark : undefined };
}

export async function observeRehearsal(ports: Ports, stack: string): Promise<ClusterFacts> {
  const { record, mark } = await find(ports, stack);
  if (record === undefined) return { state: 'absent', nodes: 0 };
  const lost = mark === undefined && !record.isStopped ? { reason: 'its process has ended, and nobody asked it to; its state is kept' } : {};
  return {
    state: mark === undefined ? 'stopped' : 'running', ...lost, nodes: 1, kubernetes: record.kubernetes, settings: record.settings,
    capacity: { cpuMilli: NODE_SIZE.cpuMilli, memoryMi: NODE_SIZE.memoryMi }, ...(record.port === undefined ? {} : { ingressPort: record.port }),
  };
}

/** Writes the kubeconfig of the stack if it is not right. */
async function writeAccess(ports: Ports, record: RehearsalRecord): Promise<KubernetesAccess> {
  const context = `rehearsal-${record.cluster}`;
  const text = `${JSON.stringify(kubeconfigOf(`http://127.0.0.1:${record.apiPort}`, { name: context, token: record.token }), undefined, 1)}\n`;
  return { runtime: 'kubernetes', kubeconfig: await ports.kubeconfigs.write(record.stack, text), context };
}

export async function accessOf(ports: Ports, stack: string): Promise<KubernetesAccess | undefined> {
  const { record, mark } = await find(ports, stack);
  return record === undefined || mark === undefined ? undefined : writeAccess(ports, record);
}

export async function createRehearsal(plan: ClusterPlan, { ports, signal }: ProviderContext): Promise<KubernetesAccess> {
  const place = placeOf(ports, plan.stack);
  return ports.files.withLock(place.lock, async () => {
    const found = await find(ports, plan.stack);
    const record = found.record ?? await newRecord(plan, ports);
    if (found.mark === undefined) return begin(place, record, { ports, signal });
    return writeAccess(ports, record);
  }, { signal });
}

async function newRecord(plan: ClusterPlan, ports: Ports): Promise<RehearsalRecord> {
  return {
    stack: plan.stack, cluster: plan.cluster, port: plan.ports[0]?.host, apiPort: await ports.network.freePort(), token: randomBytes(24).toString('base64url'),
    kubernetes: plan.kubernetes ?? KUBERNETES.gitVersion.replace(/^v/, ''), settings: plan.settings, isStopped: false,
  };
}

/** Under the lock, when no process runs it: what a killed one left is gone on with. */
async function begin(place: Place, known: RehearsalRecord, { ports, signal }: Pick<ProviderContext, 'ports' | 'signal'>): Promise<KubernetesAccess> {
  const { files, network } = ports;
  if (known.port !== undefined && !(await network.canBind(known.port))) throw portTaken(known);
  // Nobody but the kubeconfig knows this one, so another will do.
  const apiPort = await network.canBind(known.apiPort) ? known.apiPort : await network.freePort();
  const record = { ...known, apiPort, isStopped: false };
  await writeRecord(files, place, record);
  await files.remove(place.process);
  const mark = await ports.background.start([PROCESS_COMMAND, record.stack], place.log);
  try {
    await untilReachable(place, mark, { ports, signal });
  } catch (thrown) {
    await ports.background.end(mark, GRACE_MS);
    throw thrown;
  }
  return writeAccess(ports, record);
}

function portTaken({ stack, port }: RehearsalRecord) {
  return preconditionError({
    code: 'rehearsal-port-taken', message: `port ${port ?? 0} on 127.0.0.1, which leads to the rehearsal ${stack}, was taken by somebody else`,
    hints: [{ text: 'free the port, or make the stack again', command: `devstack down ${stack}` }],
  });
}

/** The process writes its mark when it listens on all of its ports. */
async function untilReachable(place: Place, mark: ProcessMark, { ports, signal }: Pick<ProviderContext, 'ports' | 'signal'>): Promise<void> {
  const { clock, files, background } = ports;
  const deadline = clock.monotonic() + START_MS;
  while ((await readProcess(files, place)) === undefined) {
    signal.throwIfAborted();
    if (!(await background.isAlive(mark))) {
      const said = (await files.readText(place.log) ?? '').trimEnd().split('\n').slice(-LOG_LINES).join('; ');
      throw failedError({
        code: 'rehearsal-not-started', message: 'the process of the rehearsal has ended at once', ...(said === '' ? {} : { reason: said }),
        hints: [{ text: 'see what it said', command: `cat '${place.log}'` }],
      });
    }
    if (clock.monotonic() > deadline) throw notReadyError({ code: 'rehearsal-not-started', message: `the process of the rehearsal does not listen after ${START_MS / 1000} s`, hints: [{ text: 'see what it said', command: `cat '${place.log}'` }] });
    await clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

/** Ends the process, if it is there. Its state stays. */
export async function stopRehearsal(stack: string, { ports, signal }: ProviderContext): Promise<void> {
  const place = placeOf(ports, stack);
  await ports.files.withLock(place.lock, async () => {
    const { record, mark } = await find(ports, stack);
    if (record !== undefined) await writeRecord(ports.files, place, { ...record, isStopped: true });
    if (mark !== undefined) await ports.background.end(mark, GRACE_MS);
  }, { signal });
}

export async function destroyRehearsal(ports: Ports, stack: string): Promise<readonly string[]> {
  const place = placeOf(ports, stack);
  // A run that was killed before it made the folder has left the lock alone: taking it takes it away.
  const [folder, lock] = await Promise.all([place.folder, place.lock].map((path) => ports.files.stat(path)));
  if (folder === undefined && lock === undefined) return [];
  return ports.files.withLock(place.lock, async () => {
    if (folder === undefined) return [];
    const { mark } = await find(ports, stack);
    if (mark !== undefined) await ports.background.end(mark, GRACE_MS);
    await ports.files.remove(place.folder);
    return [...mark === undefined ? [] : [`process ${mark.pid} of the rehearsal, with the samples that it ran`], `folder ${place.folder}`];
  });
}
