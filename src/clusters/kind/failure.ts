// What kind says when it fails, as errors of ours. kind knows only exit code 1 and English; the texts are recorded in
// test/fixtures/kind. Pure.
import { type DevstackError, failedError, type Hint, preconditionError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { KIND_OF_PINS } from './node-image.ts';

export interface KindFailure {
  readonly plan: ClusterPlan;
  /** What kind wrote to stderr. */
  readonly output: string;
  readonly exitCode: number;
  /** What the node itself says: log of its boot, journal of its kubelet. */
  readonly evidence: string;
}

/** What every error of kind tells besides. */
interface Told {
  readonly reason: string;
  readonly details: { readonly log: readonly string[]; readonly exitCode: number };
}

interface Rule {
  readonly pattern: RegExp;
  error(failure: KindFailure, told: Told, match: RegExpExecArray): DevstackError;
}

const LOG_LINES = 40;
const MAX_LINE = 400;
/** A program that a signal ended has 128 + its number as exit code. */
const SIGNALLED = 128;

const INOTIFY: Hint = {
  text: 'allow more watches, until the next boot', command: 'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
};
const DOCTOR: Hint = { text: 'see what this machine lacks', command: 'devstack doctor' };
const up = ({ plan }: KindFailure): string => `devstack up --name ${plan.stack}`;
const imageOf = ({ plan }: KindFailure): string => plan.nodeImage ?? 'of the nodes';
const portOf = ({ plan }: KindFailure): number | string => plan.ports[0]?.host ?? '';

/** The first that matches; causes stand before the symptoms that they lead to. */
const RULES: readonly Rule[] = [
  {
    pattern: /too many open files|inotify (?:instances|watches)|inotify object/i,
    error: (_, told) => preconditionError({
      code: 'kind-inotify', message: 'the node cannot start: the machine has run out of inotify watches or instances', ...told, hints: [INOTIFY],
    }),
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    error: (_, told) => preconditionError({
      code: 'kind-disk-full', message: 'the disk of the Docker engine is full', ...told, hints: [{ text: 'see what takes the room', command: 'docker system df' }],
    }),
  },
  {
    pattern: /kubelet is configured to not run on a host using cgroup v1|requires cgroup v2|cgroup v1 support is unsupported/i,
    error: (failure, told) => preconditionError({
      code: 'kind-cgroup-v1', message: `the node image ${imageOf(failure)} does not start on this engine, which has cgroup v1`, ...told,
      hints: [{ text: 'take the last version that does', command: `${up(failure)} --kubernetes 1.34` }],
    }),
  },
  {
    pattern: /requires setting systemd property "?Delegate/i,
    error: (_, told) => preconditionError({
      code: 'kind-rootless-limits', message: 'the rootless engine may not limit CPU, memory and processes', ...told,
      hints: [{ text: 'put "[Service] Delegate=yes" there, then log in again', command: 'sudo systemctl edit user@.service' }],
    }),
  },
  {
    // A bare 429 is also what a busy API server says to kubeadm.
    pattern: /toomanyrequests|pull rate limit|failed to pull image.*429 Too Many Requests/is,
    error: (failure, told) => failedError({
      code: 'kind-rate-limited', message: `the registry refuses to give out ${imageOf(failure)}: too many pulls from this address`, ...told,
      hints: [{ text: 'log in, which has a budget of its own', command: 'docker login' }],
    }),
  },
  {
    pattern: /manifest unknown|manifest for \S+ not found|repository does not exist|pull access denied|no matching manifest/i,
    error: (failure, told) => preconditionError({
      code: 'kind-image-missing', message: `there is no node image ${imageOf(failure)} for this machine`, ...told,
      hints: [{ text: 'take the one that devstack is tested with', command: `env -u DEVSTACK_NODE_IMAGE ${up(failure)}` }],
    }),
  },
  {
    pattern: /failed to pull image/i,
    error: (failure, told) => failedError({
      code: 'kind-image-unreachable', message: `the node image ${imageOf(failure)} is not here, and its registry is out of reach`, ...told,
      hints: [{ text: 'try the pull alone', command: `docker pull ${imageOf(failure)}` }],
    }),
  },
  {
    pattern: /(?:[\d.]+:(\d+))?[^\n]{0,40}(?:address already in use|port is already allocated)|ports are not available[^\n]{0,60}:(\d+)/i,
    error: (failure, told, match) => preconditionError({
      code: 'kind-port-taken', message: `port ${match[1] ?? match[2] ?? portOf(failure)} on 127.0.0.1 was taken while the cluster was being made`, ...told,
      hints: [{ text: 'let devstack choose another', command: up(failure) }],
    }),
  },
  {
    pattern: /cannot expose privileged port (\d+)|bind: permission denied/i,
    error: (failure, told, match) => preconditionError({
      code: 'kind-port-forbidden', message: `this engine may not listen on port ${match[1] ?? portOf(failure)}`, ...told,
      hints: [{ text: 'take a port from 1024 on', command: `${up(failure)} --port 8080` }],
    }),
  },
  {
    pattern: /node\(s\) already exist for a cluster|container name "[^"]*" is already in use/i,
    error: ({ plan }, told) => preconditionError({
      code: 'kind-name-taken', message: `another run is making the cluster ${plan.cluster}, or left something under its name`, ...told,
      hints: [{ text: 'remove what is there', command: `devstack down ${plan.stack}` }],
    }),
  },
  {
    pattern: /Cannot connect to the Docker daemon|error during connect|docker daemon is not running/i,
    error: (failure, told) => preconditionError({
      code: 'docker-not-running', message: 'the Docker engine stopped answering while the cluster was being made', ...told,
      hints: [{ text: 'start the engine, then go on', command: up(failure) }],
    }),
  },
  {
    pattern: /exec: "?docker"?: executable file not found/i,
    error: (_, told) => preconditionError({
      code: 'docker-cli-missing', message: 'kind needs the docker command, which is not on PATH', ...told,
      hints: [{ text: 'install it', command: 'curl -fsSL https://get.docker.com | sh' }],
    }),
  },
  {
    pattern: /unknown (?:flag|command|apiVersion)|unable to decode config|unknown containerd config version/i,
    error: (_, told) => preconditionError({
      code: 'kind-too-old', message: `this kind does not understand what kind ${KIND_OF_PINS} does`, ...told,
      hints: [{ text: 'see which kind is found', command: 'kind version' }],
    }),
  },
  {
    pattern: /could not find a log line that matches/i,
    error: (failure, told) => failedError({
      code: 'kind-node-boot', message: `the node of ${imageOf(failure)} did not boot within 30 s`, ...told, hints: [DOCTOR],
    }),
  },
  {
    pattern: /failed to (?:init|join) node with kubeadm/i,
    error: (_, told) => failedError({ code: 'kind-kubeadm', message: 'Kubernetes did not start in the node', ...told, hints: [DOCTOR] }),
  },
];

/** Lines that tell the least: they stand in every run. */
const NOISE = /cgroup v1 is deprecated|Overriding docker network|Here be dragons|^\s*$|^See 'docker run --help'|deprecated API spec/;

export function kindError(failure: KindFailure): DevstackError {
  const text = `${failure.output}\n${failure.evidence}`;
  const details = { log: tail(text), exitCode: failure.exitCode };
  for (const { pattern, error } of RULES) {
    const match = pattern.exec(text);
    if (match !== null) return error(failure, { reason: reasonOf(failure, match), details }, match);
  }
  const hints = [{ text: 'try again', command: up(failure) }];
  if (failure.exitCode > SIGNALLED) {
    return failedError({ code: 'kind-killed', message: `kind was ended by signal ${failure.exitCode - SIGNALLED}`, hints, details });
  }
  return failedError({ code: 'kind-failed', message: `kind could not make the cluster ${failure.plan.cluster}`, reason: reasonOf(failure, null), hints, details });
}

/** One line: what kubeadm's command failed of, else the line that told the cause, else kind's own. */
function reasonOf({ output, evidence }: KindFailure, match: RegExpExecArray | null): string {
  const kubeadm = /"command failed" err="((?:[^"\\]|\\.)+)"/.exec(output)?.[1];
  if (kubeadm !== undefined && (match === null || /kubeadm/.test(match[0]))) return clip(lastError(evidence) ?? kubeadm);
  const lines = `${output}\n${evidence}`.split('\n');
  const told = match === null ? undefined : lines.find((line) => line.includes(match[0].split('\n')[0] ?? ''));
  return clip(told ?? lines.find((line) => line.startsWith('ERROR:')) ?? lines.filter((line) => !NOISE.test(line)).at(-1) ?? 'it said nothing');
}

/** The last error in the journal of a kubelet that says more than that it waits for the API server. */
function lastError(journal: string): string | undefined {
  return journal.split('\n').filter((line) => /^E\d{4}|err="/.test(line) && !/connection refused|Unable to write event/.test(line)).at(-1);
}

/** Without the names of those who passed it on. */
function clip(line: string): string {
  const plain = line.trim().replace(/^(?:(?:ERROR|Command Output|docker|Error response from daemon): )+/, '');
  return plain.length <= MAX_LINE ? plain : `${plain.slice(0, MAX_LINE - 1)}…`;
}

function tail(text: string): readonly string[] {
  return text.split('\n').filter((line) => !NOISE.test(line)).slice(-LOG_LINES).map(clip);
}

/** A pull that the engine reported as failed, in kind's words. */
export function imageError(plan: ClusterPlan, cause: DevstackError): DevstackError {
  return kindError({ plan, output: `failed to pull image: ${cause.reason ?? cause.message}`, exitCode: 1, evidence: '' });
}
