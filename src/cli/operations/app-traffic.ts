// Use case of `traffic`: reading, setting and measuring how requests are shared among versions.
import { isPlausible } from '../../load/chance.ts';
import { runLoad } from '../../load/run-load.ts';
import { preconditionError } from '../../model/error.ts';
import type { JsonObject } from '../../model/json.ts';
import { canonicalJson } from '../../model/json.ts';
import { arrayAt, at, type KubeObject, type ObjectRef, refOf } from '../../model/object.ts';
import { idleRevisions, type Revision, revisionsOf } from '../../plan/plan-traffic.ts';
import type { KubeClient, LoadHttp, Ports } from '../../ports.ts';
import type { AppRef, MeasuredShare, MeasureWish, TrafficChange, TrafficState } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { withTarget } from './app-target.ts';
import { locateApp } from './app-watch.ts';

const REVISION = { apiVersion: 'serving.knative.dev/v1', kind: 'Revision' } as const;
const REPLICA_SET = { apiVersion: 'apps/v1', kind: 'ReplicaSet' } as const;
const POD = { apiVersion: 'v1', kind: 'Pod' } as const;
const WAIT_MS = 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const USERS = 8;

function serviceRef({ app, namespace, kind, stack }: AppRef): ObjectRef {
  if (kind === 'knative') return { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: app, namespace };
  throw preconditionError({
    code: 'traffic-unsupported', message: `${app} runs as a Deployment, which has one version at a time`, hints: [{ text: 'run it as a Knative service', command: `devstack deploy --as knative --name ${stack}` }],
  });
}

async function readRevisions(ref: AppRef, client: KubeClient, signal: AbortSignal): Promise<{ readonly service: KubeObject; readonly revisions: readonly Revision[] }> {
  const [service, list] = await Promise.all([
    client.get(serviceRef(ref), signal), client.list(REVISION, { namespace: ref.namespace, labelSelector: `serving.knative.dev/service=${ref.app}` }, signal),
  ]);
  if (service === undefined) throw preconditionError({ code: 'app-incomplete', message: `${ref.app} has lost its Knative service`, hints: [{ text: 'deploy it again', command: 'devstack deploy' }] });
  return { service, revisions: revisionsOf(service, list.items) };
}

export async function readTraffic(ports: Ports, ref: AppRef, options: RunOptions): Promise<TrafficState> {
  return withTarget(ports, ref.stack, options, async (_target, client) => {
    const { service, revisions } = await readRevisions(ref, client, options.signal);
    return { revisions, isPinned: !arrayAt(service, 'spec', 'traffic').every((target) => at(target, 'latestRevision') === true) };
  });
}

/** Sets `spec.traffic` and ends when the route says the same. It is no field of deploy's, so the next deploy leaves it. */
export async function setTraffic(ports: Ports, { ref, traffic }: TrafficChange, options: RunOptions): Promise<TrafficState> {
  return withTarget(ports, ref.stack, options, async (_target, client) => {
    const { service } = await readRevisions(ref, client, options.signal);
    if (canonicalJson(arrayAt(service, 'spec', 'traffic')) !== canonicalJson(traffic)) {
      await client.patch(serviceRef(ref), { spec: { traffic: traffic as unknown as JsonObject } }, {}, options.signal);
    }
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(WAIT_MS)]);
    await ports.kubeSets.wait(client, [refOf(service)], { signal, onProgress: () => undefined });
    const { revisions } = await readRevisions(ref, client, options.signal);
    return { revisions, isPinned: traffic.some((target) => target['latestRevision'] !== true) };
  });
}

/** Nothing goes to its pods: what they still answer may end. */
const LAST_REQUESTS_SECONDS = 2;

/**
 * A pod is let go of in the time that its first deletion gives it, and Kubernetes' own gives what the pod asks for: queue-proxy then waits 30 s for
 * requests to come. So the pods go first, and before them the set that would make new ones, which leaves them to whoever deletes them.
 */
async function retire(client: KubeClient, revision: ObjectRef, signal: AbortSignal): Promise<void> {
  const { name, namespace } = revision;
  const behind = { ...(namespace === undefined ? {} : { namespace }), labelSelector: `serving.knative.dev/revision=${name}`, metadataOnly: true };
  const [sets, pods] = await Promise.all([client.list(REPLICA_SET, behind, signal), client.list(POD, behind, signal)]);
  await Promise.all(sets.items.map((set) => client.delete(refOf(set), { propagation: 'Orphan' }, signal)));
  await Promise.all(pods.items.map((pod) => client.delete(refOf(pod), { graceSeconds: LAST_REQUESTS_SECONDS }, signal)));
  await client.delete(revision, {}, signal);
}

/**
 * Removes versions that nothing goes to any more, but those in `keep`. Knative itself would let their pods run for a minute and drain for half of
 * one more, in the room that the next version on a small machine needs.
 */
export async function retireRevisions(ports: Ports, ref: AppRef, keep: ReadonlySet<string>, options: RunOptions): Promise<readonly string[]> {
  const { signal } = options;
  return withTarget(ports, ref.stack, options, async (_target, client) => {
    const idle = idleRevisions((await readRevisions(ref, client, signal)).revisions).filter(({ name }) => !keep.has(name));
    await Promise.all(idle.map((revision) => retire(client, { ...REVISION, namespace: ref.namespace, name: revision.name }, signal)));
    return idle.map(({ name }) => name);
  });
}

/** One answer of each version, from its own address: what tells its answers from those of the others. */
async function fingerprints(ports: Ports, revisions: readonly Revision[], request: { readonly address: string; readonly path: string }, signal: AbortSignal): Promise<ReadonlyMap<string, Revision>> {
  const found = await Promise.all(revisions.flatMap((revision) => (revision.url === undefined ? [] : [(async () => {
    const { host } = new URL(revision.url ?? '');
    const { status, body } = await ports.http.request({ url: `http://${request.address}${request.path}`, headers: { host }, timeoutMs: REQUEST_TIMEOUT_MS, signal });
    return [`${status} ${body}`, revision] as const;
  })()])));
  return new Map(found);
}

/** Counts which version answers; undefined when their answers are all alike. */
export async function measureTraffic(
  ports: Ports, loadHttp: LoadHttp, wish: MeasureWish, options: RunOptions,
): Promise<readonly MeasuredShare[] | undefined> {
  const { ref, durationMs } = wish;
  return withTarget(ports, ref.stack, options, async (target, client) => {
    const [{ revisions }, { endpoint }] = await Promise.all([readRevisions(ref, client, options.signal), locateApp(ports, ref, { target, client }, options.signal)]);
    const path = wish.path ?? endpoint.path;
    const serving = revisions.filter(({ percent, url }) => percent > 0 || url !== undefined);
    const known = await fingerprints(ports, serving, { address: endpoint.address, path }, options.signal);
    if (known.size < serving.filter(({ url }) => url !== undefined).length || known.size === 0) return undefined;
    const [hostname = '', port = ''] = endpoint.address.split(':');
    const loadTarget = { hostname, port: Number(port), method: 'GET', path, headers: { host: endpoint.host } };
    const { classes, answered } = await runLoad(
      { target: loadTarget, arrival: { model: 'closed' }, concurrency: USERS, durationMs, timeoutMs: REQUEST_TIMEOUT_MS },
      { clock: ports.clock, http: loadHttp }, { signal: options.signal, classify: ({ status, body }) => known.get(`${status} ${body}`)?.name ?? 'other' },
    );
    return serving.map(({ name, number, percent }) => {
      const count = classes[name] ?? 0;
      return { name, number, percent, count, total: answered, isPlausible: isPlausible(count, percent / 100, answered) };
    });
  });
}
