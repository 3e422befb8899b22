// What must hold after every run, whatever it met: I1 to I8.
import type { JsonObject } from '../../src/model/json.ts';
import { DOCKER_STACK_LABEL } from '../../src/model/label.ts';
import { readJournal } from '../../src/state/journal.ts';
import { BY_HAND } from '../state/kubeconfig-texts.ts';
import { CANARY } from './fake-kind.ts';
import { Life } from './life.ts';
import type { Outcome } from './runs.ts';
import { STATE, USER_KUBECONFIG, type World } from './world.ts';

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const RESTLESS = ['events', 'leases.coordination.k8s.io'];

function objectText(object: JsonObject): string {
  const { status: _status, metadata, ...rest } = object;
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, generation: _generation, managedFields: _fields, ...meta } = metadata as JsonObject;
  return JSON.stringify({ ...rest, metadata: meta }).replace(UID, 'UID').replace(/"fields":"[^"]*"|\\"fields\\":\\"[^"]*\\"/g, '');
}

/** Everything there is on a machine, without what differs from run to run by nature. */
export function stateOf(world: World): ReadonlyMap<string, string> {
  const { engine, disk } = world;
  const state = new Map<string, string>();
  for (const { name, state: power, labels, networks, ports } of engine.containers) state.set(`container ${name}`, JSON.stringify([power, labels, networks, ports]));
  for (const { name, labels } of engine.networks) state.set(`network ${name}`, JSON.stringify(labels));
  for (const { name } of engine.volumes) state.set(`volume ${name}`, '');
  for (const name of engine.unlisted.keys()) state.set(`container on its way ${name}`, '');
  for (const [path, { bytes, mode }] of disk.files) if (!path.endsWith('/journal.ndjson')) state.set(`file ${path}`, `${mode.toString(8)} ${bytes.toString('utf8')}`);
  const store = world.cluster()?.core.store;
  for (const key of store?.keys() ?? []) {
    if (RESTLESS.includes(key)) continue;
    for (const object of store?.list(key) ?? []) {
      const { namespace, name } = object['metadata'] as JsonObject;
      state.set(`${key} ${String(namespace ?? '')}/${String(name)}`, objectText(object));
    }
  }
  return state;
}

/** Names of what differs. */
export function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): readonly string[] {
  const missing = [...expected.keys()].filter((key) => !found.has(key)).map((key) => `missing: ${key}`);
  const other = [...found].filter(([key, text]) => expected.get(key) !== text).map(([key]) => `${expected.has(key) ? 'differs' : 'too much'}: ${key}`);
  return [...missing, ...other];
}

/** I1, I3, I6, I7, I8: of any moment. What is violated, in words. */
export async function violations(world: World, run: Outcome): Promise<readonly string[]> {
  const found: string[] = [];
  const { engine, disk } = world;
  const other = engine.containers.find((container) => container.name === 'other-db');
  if (other?.state !== 'running' || !engine.networks.some((network) => network.name === 'other')) found.push('I1: a container or network of somebody else has changed');
  if (run.exit === 70) found.push(`I3: ended as a bug: ${run.error instanceof Error ? run.error.stack ?? run.error.message : String(run.error)}`);
  const answers = world.cluster()?.api.get({ key: 'services.serving.knative.dev', namespace: 'default', name: 'hello' });
  // Nobody can know what is done to the cluster after the last answer.
  const isLater = run.life.lastMet > run.life.points.lastIndexOf('http request');
  if (run.exit === 0 && (run.verified ?? 0) > 0 && answers === undefined && !isLater) found.push('I3: says that an endpoint answers, and there is none');
  const told = JSON.stringify([run.told, run.error instanceof Error ? [run.error.message, (run.error as { reason?: string }).reason] : []]);
  const journal = disk.text(`${STATE}/stacks/dev/journal.ndjson`) ?? '';
  for (const [name, text] of [['output', told], ['journal', journal]] as const) if (text.includes(CANARY) || text.includes('canary-of-the-environment')) found.push(`I6: a secret is in the ${name}`);
  for (const [path, { mode }] of disk.files) if (path.startsWith(STATE) && (mode & 0o077) !== 0) found.push(`I7: ${path} has mode ${mode.toString(8)}`);
  for (const [path, mode] of disk.folders) if (path.startsWith(`${STATE}/`) && (mode & 0o077) !== 0) found.push(`I7: ${path} has mode ${mode.toString(8)}`);
  for (const container of engine.containers) {
    for (const { hostAddress, hostPort } of container.ports) if (hostAddress !== '127.0.0.1') found.push(`I7: ${container.name} listens on ${hostAddress}:${hostPort}`);
  }
  try {
    await readJournal(world.ports(new Life()), 'dev');
  } catch (error) {
    found.push(`I8: the journal cannot be read: ${String(error)}`);
  }
  return found;
}

/** I2, I5: after `down`. */
export function remains(world: World): readonly string[] {
  const { engine, disk } = world;
  const found: string[] = [];
  if (disk.text(USER_KUBECONFIG) !== BY_HAND) found.push('I2: the kubeconfig of the user is not as it was');
  const things = [...engine.containers, ...engine.networks, ...engine.volumes];
  for (const thing of things) if (DOCKER_STACK_LABEL in thing.labels || thing.name.startsWith('devstack-')) found.push(`I5: ${thing.name} is left`);
  for (const name of engine.unlisted.keys()) found.push(`I5: ${name} is on its way`);
  for (const path of disk.files.keys()) if (path !== USER_KUBECONFIG) found.push(`I5: ${path} is left`);
  return found;
}
