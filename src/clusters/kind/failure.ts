// What kind says when it fails, as errors of ours. kind knows only exit code 1 and English; the texts are recorded in
// test/fixtures/kind. Pure.
import { type DevstackError, type DevstackErrorOptions, failedError, type Hint, preconditionError } from '../../model/error.ts';
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

interface Rule {
  readonly pattern: RegExp;
  readonly exit: 'precondition' | 'failed';
  readonly code: string;
  message(failure: KindFailure, match: RegExpExecArray): string;
  hints(failure: KindFailure, match: RegExpExecArray): readonly Hint[];
}

const LOG_LINES = 40;
const MAX_LINE = 400;
/** A program that a signal ended has 128 + its number as exit code. */
const SIGNALLED = 128;

const INOTIFY: Hint = {
  text: 'allow more watches, until the next boot', command: 'sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512',
};
const again = ({ plan }: KindFailure, text = 'try again'): Hint => ({ text, command: `devstack up --name ${plan.stack}` });
const imageOf = ({ plan }: KindFailure): string => plan.nodeImage ?? 'of the nodes';

/** The first that matches; causes stand before the symptoms that they lead to. */
const RULES: readonly Rule[] = [
  {
    code: 'kind-inotify', exit: 'precondition',
    pattern: /too many open files|inotify (?:instances|watches)|inotify object/i,
    message: () => 'the node cannot start: the machine has run out of inotify watches or instances',
    hints: () => [INOTIFY],
  },
  {
    code: 'kind-disk-full', exit: 'precondition',
    pattern: /no space left on device|disk quota exceeded/i,
    message: () => 'the disk of the Docker engine is full',
    hints: () => [{ text: 'see what takes the room', command: 'docker system df' }],
  },
  {
    code: 'kind-cgroup-v1', exit: 'precondition',
    pattern: /kubelet is configured to not run on a host using cgroup v1|requires cgroup v2|cgroup v1 support is unsupported/i,
    message: (failure) => `the node image ${imageOf(failure)} does not start on this engine, which has cgroup v1`,
    hints: ({ plan }) => [{ text: 'take the last version that does', command: `devstack up --name ${plan.stack} --kubernetes 1.34` }],
  },
  {
    code: 'kind-rootless-limits', exit: 'precondition',
    pattern: /requires setting systemd property "?Delegate/i,
    message: () => 'the rootless engine may not limit CPU, memory and processes',
    hints: () => [{ text: 'put "[Service] Delegate=yes" there, then log in again', command: 'sudo systemctl edit user@.service' }],
  },
  {
    code: 'kind-rate-limited', exit: 'failed',
    pattern: /toomanyrequests|pull rate limit|429 Too Many Requests/i,
    message: (failure) => `the registry refuses to give out ${imageOf(failure)}: too many pulls from this address`,
    hints: () => [{ text: 'log in, which has a budget of its own', command: 'docker login' }],
  },
  {
    code: 'kind-image-missing', exit: 'precondition',
    pattern: /manifest unknown|manifest for \S+ not found|repository does not exist|pull access denied|no matching manifest/i,
    message: (failure) => `there is no node image ${imageOf(failure)} for this machine`,
    hints: ({ plan }) => [{ text: 'take the one that devstack is tested with', command: `env -u DEVSTACK_NODE_IMAGE devstack up --name ${plan.stack}` }],
  },
  {
    code: 'kind-image-unreachable', exit: 'failed',
    pattern: /failed to pull image|no such host|i\/o timeout|TLS handshake|connection reset by peer|proxyconnect/i,
    message: (failure) => `the node image ${imageOf(failure)} is not here, and its registry is out of reach`,
    hints: (failure) => [{ text: 'try the pull alone', command: `docker pull ${imageOf(failure)}` }],
  },
  {
    code: 'kind-port-taken', exit: 'precondition',
    pattern: /(?:listen tcp\S* |Bind for )?(?:[\d.]+:(\d+))?[^\n]{0,40}(?:address already in use|port is already allocated)|ports are not available[^\n]{0,60}:(\d+)/i,
    message: ({ plan }, match) => `port ${match[1] ?? match[2] ?? plan.ports[0]?.host ?? ''} on 127.0.0.1 was taken while the cluster was being made`,
    hints: ({ plan }) => [{ text: 'let devstack choose another', command: `devstack up --name ${plan.stack}` }],
  },
  {
    code: 'kind-port-forbidden', exit: 'precondition',
    pattern: /cannot expose privileged port (\d+)|bind: permission denied/i,
    message: ({ plan }, match) => `this engine may not listen on port ${match[1] ?? plan.ports[0]?.host ?? ''}`,
    hints: ({ plan }) => [{ text: 'take a port from 1024 on', command: `devstack up --name ${plan.stack} --port 8080` }],
  },
  {
    code: 'kind-name-taken', exit: 'precondition',
    pattern: /node\(s\) already exist for a cluster|container name "[^"]*" is already in use/i,
    message: ({ plan }) => `another run is making the cluster ${plan.cluster}, or left something under its name`,
    hints: ({ plan }) => [{ text: 'remove what is there', command: `devstack down ${plan.stack}` }],
  },
  {
    code: 'docker-not-running', exit: 'precondition',
    pattern: /Cannot connect to the Docker daemon|error during connect|docker daemon is not running/i,
    message: () => 'the Docker engine stopped answering while the cluster was being made',
    hints: (failure) => [again(failure, 'start the engine, then go on')],
  },
  {
    code: 'docker-cli-missing', exit: 'precondition',
    pattern: /exec: "?docker"?: executable file not found/i,
    message: () => 'kind needs the docker command, which is not on PATH',
    hints: () => [{ text: 'install it', command: 'curl -fsSL https://get.docker.com | sh' }],
  },
  {
    code: 'kind-too-old', exit: 'precondition',
    pattern: /unknown (?:flag|command|apiVersion)|unable to decode config|unknown containerd config version/i,
    message: () => `this kind does not understand what kind ${KIND_OF_PINS} does`,
    hints: () => [{ text: 'see which kind is found', command: 'kind version' }],
  },
  {
    code: 'kind-node-boot', exit: 'failed',
    pattern: /could not find a log line that matches/i,
    message: (failure) => `the node of ${imageOf(failure)} did not boot within 30 s`,
    hints: () => [{ text: 'see what this machine lacks', command: 'devstack doctor' }],
  },
  {
    code: 'kind-kubeadm', exit: 'failed',
    pattern: /failed to (?:init|join) node with kubeadm/i,
    message: () => 'Kubernetes did not start in the node',
    hints: () => [{ text: 'see what this machine lacks', command: 'devstack doctor' }],
  },
];

/** Lines that tell the least: they stand in every run. */
const NOISE = /cgroup v1 is deprecated|Overriding docker network|Here be dragons|^\s*$|^See 'docker run --help'|deprecated API spec/;

export function kindError(failure: KindFailure): DevstackError {
  const text = `${failure.output}\n${failure.evidence}`;
  const details = { log: tail(text), exitCode: failure.exitCode };
  for (const rule of RULES) {
    const match = rule.pattern.exec(text);
    if (match === null) continue;
    return made(rule.exit, {
      code: rule.code, message: rule.message(failure, match), reason: reasonOf(failure, match), hints: rule.hints(failure, match), details,
    });
  }
  if (failure.exitCode > SIGNALLED) {
    return failedError({ code: 'kind-killed', message: `kind was ended by signal ${failure.exitCode - SIGNALLED}`, hints: [again(failure)], details });
  }
  return failedError({
    code: 'kind-failed', message: `kind could not make the cluster ${failure.plan.cluster}`, reason: reasonOf(failure, null), hints: [again(failure)], details,
  });
}

function made(exit: Rule['exit'], options: Omit<DevstackErrorOptions, 'exit'>): DevstackError {
  return exit === 'precondition' ? preconditionError(options) : failedError(options);
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
