// Makes a kind cluster, and lets go of it as soon as its API server answers: kind then still installs network and storage.
import { dirname, join } from 'node:path';
import type { KubernetesAccess } from '../../model/access.ts';
import { isAbortError, isDevstackError, notReadyError, preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { stackLabels } from '../../model/record.ts';
import type { Ports, ProcessResult } from '../../ports.ts';
import { ensureImage } from '../docker/image.ts';
import type { ProviderContext } from '../provider.ts';
import { waitForApi } from './access.ts';
import { controlPlaneName, kindConfig } from './cluster-plan.ts';
import { imageError, kindError } from './failure.ts';
import { markFinished } from './holdings.ts';
import { removeHoldings } from './remove.ts';

/** What a failure left must be gone within this, whatever the user's own deadline was. */
const CLEAN_UP_MS = 30_000;
/** Who presses Ctrl-C waits less: a program that was asked to stop has stopped within 5 s. */
const INTERRUPTED_CLEAN_UP_MS = 4_000;
const EVIDENCE_MS = 5_000;
const EVIDENCE_LINES = '30';

export interface Creation {
  /** As soon as the API server answers. */
  readonly access: Promise<KubernetesAccess>;
  /** When kind has ended well; else throws why, after what was half made is removed. */
  readonly finished: Promise<void>;
}

/** What kind needs: itself, the docker command, the image. Returns its path. Throws `docker-cli-missing`, `kind-image-…`. */
async function prepare(plan: ClusterPlan, context: ProviderContext): Promise<string> {
  const { ports, signal } = context;
  const [kind, docker] = await Promise.all([
    ports.artifacts.tool('kind', { signal }), ports.processes.find('docker'), ensureNodeImage(plan, context),
  ]);
  if (docker === undefined) throw kindError({ plan, output: 'exec: "docker": executable file not found in $PATH', exitCode: 1, evidence: '' });
  return kind;
}

/** kind would pull it too, but in silence, and without an end that can be told. */
async function ensureNodeImage(plan: ClusterPlan, context: ProviderContext): Promise<void> {
  if (plan.nodeImage === undefined) return;
  try {
    await ensureImage(plan.nodeImage, context);
  } catch (cause) {
    throw isDevstackError(cause) && cause.code === 'image-pull-failed' ? imageError(plan, cause) : cause;
  }
}

/** Nothing of the cluster may exist. Both promises must be looked at; they fail together. */
export async function beginCreation(plan: ClusterPlan, context: ProviderContext): Promise<Creation> {
  const kind = await prepare(plan, context);
  context.signal.throwIfAborted();
  // From here on all that kind makes is ours: it hangs on this network.
  await context.ports.docker.createNetwork(plan.cluster, stackLabels(plan)).catch(networkFailed);
  const stop = new AbortController();
  const early = waitForApi(plan, { ...context, signal: AbortSignal.any([context.signal, stop.signal]) });
  // What looks for the API server writes a kubeconfig: it must have ended before anything is cleaned up.
  const settle = async () => {
    stop.abort();
    await early.catch(() => undefined);
  };
  const finished = runToEnd(kind, plan, { context, settle });
  return { access: firstAccess(plan, context, { early, finished }), finished };
}

function networkFailed(cause: unknown): never {
  if (isDevstackError(cause) && /non-overlapping|fully subnetted/i.test(cause.reason ?? '')) {
    throw preconditionError({
      code: 'kind-no-subnet', message: 'the engine has no addresses left for another network', cause,
      ...(cause.reason === undefined ? {} : { reason: cause.reason }),
      hints: [{ text: 'remove networks that nothing uses', command: 'docker network prune' }],
    });
  }
  throw cause;
}

/** Whichever comes first: the API server answers, or kind ends. The failure of kind says more than any other. */
async function firstAccess(plan: ClusterPlan, context: ProviderContext, { early, finished }: FirstAccess): Promise<KubernetesAccess> {
  try {
    return await Promise.race([early, finished.then(() => early)]);
  } catch {
    await finished;
    return await waitForApi(plan, context);
  }
}

interface FirstAccess {
  readonly early: Promise<KubernetesAccess>;
  readonly finished: Promise<void>;
}

interface Run {
  readonly context: ProviderContext;
  /** Ends what still looks at the cluster. */
  settle(): Promise<void>;
}

async function runToEnd(kind: string, plan: ClusterPlan, { context, settle }: Run): Promise<void> {
  const { ports } = context;
  const folder = privateFolder(plan.stack, ports);
  try {
    await ports.files.makeDirectory(folder);
    const result = await runKind(kind, plan, context);
    if (result.exitCode !== 0) {
      throw kindError({ plan, output: result.stderr, exitCode: result.exitCode, evidence: await gatherEvidence(plan, ports) });
    }
    await markFinished(ports.docker, plan.cluster);
  } catch (cause) {
    context.onProgress(`removing the half-made cluster ${plan.cluster}`);
    await settle();
    await cleanUp(plan, ports, context.signal.aborted ? INTERRUPTED_CLEAN_UP_MS : CLEAN_UP_MS);
    throw cause;
  } finally {
    await ports.files.remove(folder);
  }
}

/** kind insists on writing a kubeconfig; it is never the user's. */
export function privateFolder(stack: string, { kubeconfigs }: Pick<Ports, 'kubeconfigs'>): string {
  return join(dirname(kubeconfigs.pathOf(stack)), 'kind');
}

/**
 * Without --wait, whose time-out exits 0 (kubernetes-sigs/kind#2654). With --retain: a clean-up of kind's own that comes late
 * would remove nodes that a later run has made.
 */
async function runKind(kind: string, plan: ClusterPlan, { ports, signal, onProgress }: ProviderContext): Promise<ProcessResult> {
  const folder = privateFolder(plan.stack, ports);
  const [config, kubeconfig] = [join(folder, 'config.json'), join(folder, 'kubeconfig')];
  await ports.files.write(config, JSON.stringify(kindConfig(plan)));
  return await ports.processes.run(kind, ['create', 'cluster', '--name', plan.cluster, '--config', config, '--kubeconfig', kubeconfig, '--retain'], {
    signal, lifeline: true,
    env: { ...kindEnvironment(ports), KUBECONFIG: kubeconfig, KIND_EXPERIMENTAL_DOCKER_NETWORK: plan.cluster },
    onLine: (line) => {
      const phase = /^ • (.+?)(?: \p{Extended_Pictographic}\uFE0F?)*\s+\.\.\.$/u.exec(line)?.[1];
      if (phase !== undefined) onProgress(phase.toLowerCase());
    },
  });
}

/** The engine that devstack talks to is the one that kind must use. */
function kindEnvironment({ docker }: Pick<Ports, 'docker'>): { readonly [name: string]: string } {
  const isLocal = docker.endpoint.startsWith('unix://') || docker.endpoint.startsWith('npipe://');
  // An address with certificates comes from the same DOCKER_HOST or context, which kind's docker reads by itself.
  return { KIND_EXPERIMENTAL_PROVIDER: 'docker', ...(isLocal ? { DOCKER_HOST: docker.endpoint } : {}) };
}

/** What the node can say of its own failure; kind shows neither. */
async function gatherEvidence(plan: ClusterPlan, ports: Ports): Promise<string> {
  const node = controlPlaneName(plan.cluster);
  const signal = AbortSignal.timeout(EVIDENCE_MS);
  const boot = ports.processes.run('docker', ['logs', '--tail', EVIDENCE_LINES, node], { signal, env: kindEnvironment(ports) });
  const kubelet = ports.docker.exec(node, ['journalctl', '--unit', 'kubelet', '--lines', EVIDENCE_LINES, '--output', 'cat', '--no-pager'], { signal });
  const told = await Promise.allSettled([boot, kubelet]);
  return told.map((one) => (one.status === 'fulfilled' && one.value.exitCode === 0 ? `${one.value.stdout}\n${one.value.stderr}` : '')).join('\n');
}

/** Under a deadline of its own. What cannot be removed now is found by the next `up` or `down`. */
async function cleanUp(plan: ClusterPlan, ports: Ports, limitMs: number): Promise<void> {
  const signal = AbortSignal.timeout(limitMs);
  const late = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  const work = Promise.all([removeHoldings(plan, ports, signal), ports.kubeconfigs.remove(plan.stack)]);
  await Promise.race([work.then(() => undefined, () => undefined), late]);
}

/** Ends with the creation. Throws its failure, as `kind-not-finished` when its own time was up. */
export async function awaitFinished(finished: Promise<void>, plan: ClusterPlan, signal: AbortSignal): Promise<void> {
  try {
    await finished;
  } catch (cause) {
    if (!isAbortError(cause) || signal.aborted) throw cause;
    throw notReadyError({
      code: 'kind-not-finished', message: `kind did not end in time; the half-made cluster ${plan.cluster} was removed`, cause,
      hints: [{ text: 'try again, with more time', command: `devstack up --name ${plan.stack} --timeout 20m` }],
    });
  }
}
