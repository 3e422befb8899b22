// minikube as a program: its JSON and its exit codes are read, never its English.
import { dirname, join } from 'node:path';
import { type DevstackError, failedError, type Hint, preconditionError } from '../../model/error.ts';
import { type Json, parseJson } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { Ports, ProcessResult } from '../../ports.ts';
import type { ProviderContext } from '../provider.ts';

/** One line of `-o json`: a CloudEvent. */
export interface MinikubeEvent {
  /** `step`, `info`, `warning`, `error`, `download`, `download.progress`. */
  readonly kind: string;
  readonly data: Json;
}

const EVENT_TYPE = 'io.k8s.sigs.minikube.';

/** Undefined for what is no event of minikube's. Pure. */
export function eventOf(line: string): MinikubeEvent | undefined {
  const event = parseJson(line);
  const type = stringAt(event, 'type');
  if (type?.startsWith(EVENT_TYPE) !== true) return undefined;
  return { kind: type.slice(EVENT_TYPE.length), data: (event as { readonly data?: Json }).data ?? null };
}

export interface NodeStatus {
  readonly host: string;
  readonly kubelet: string;
  readonly apiServer: string;
}

/** What `status -o json` says of one node; undefined where there is none (`null`, or events that say so). Pure. */
export function statusOf(stdout: string): NodeStatus | undefined {
  const status = parseJson(stdout);
  const [host, kubelet, apiServer] = ['Host', 'Kubelet', 'APIServer'].map((key) => stringAt(status, key));
  return host === undefined || kubelet === undefined || apiServer === undefined ? undefined : { host, kubelet, apiServer };
}

/** Runs minikube with a kubeconfig that is never the user's, on the engine that devstack talks to. */
export async function runMinikube(stack: string, args: readonly string[], { ports, signal, onProgress }: ProviderContext): Promise<ProcessResult> {
  const minikube = await ports.artifacts.tool('minikube', { signal });
  const kubeconfig = join(privateFolder(stack, ports), 'kubeconfig');
  await ports.files.makeDirectory(dirname(kubeconfig));
  const isLocal = ports.docker.endpoint.startsWith('unix://') || ports.docker.endpoint.startsWith('npipe://');
  return await ports.processes.run(minikube, args, {
    signal, lifeline: true,
    env: { KUBECONFIG: kubeconfig, ...(isLocal ? { DOCKER_HOST: ports.docker.endpoint } : {}) },
    onLine(line) {
      const event = eventOf(line);
      const name = event?.kind === 'step' ? stringAt(event.data, 'name') : undefined;
      // Steps are skipped and their number has changed from release to release: only the name is shown.
      if (name !== undefined) onProgress(name.toLowerCase());
    },
  });
}

/** minikube insists on writing a kubeconfig. */
export function privateFolder(stack: string, { kubeconfigs }: Pick<Ports, 'kubeconfigs'>): string {
  return join(dirname(kubeconfigs.pathOf(stack)), 'minikube');
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isMachine: boolean;
  readonly hint: Hint;
}

/** By the groups of `pkg/minikube/reason/exitcodes.go`; the first that holds the exit code. */
const FAILURES: readonly (readonly [from: number, to: number, failure: Failure])[] = [
  [23, 23, { code: 'minikube-memory', message: 'there is not enough memory for a minikube node', isMachine: true, hint: { text: 'see what the engine has', command: 'docker info' } }],
  [26, 26, { code: 'minikube-storage', message: 'there is not enough room for a minikube node', isMachine: true, hint: { text: 'see what takes it', command: 'docker system df' } }],
  [29, 29, { code: 'minikube-processors', message: 'minikube wants another number of processors than the engine has', isMachine: true, hint: { text: 'see what it is told to take', command: 'minikube config view' } }],
  [40, 49, { code: 'minikube-download', message: 'minikube could not download what it needs', isMachine: false, hint: { text: 'check the network of this machine', command: 'devstack doctor' } }],
  [57, 57, { code: 'minikube-as-root', message: 'minikube does not use Docker as root', isMachine: true, hint: { text: 'take kind, or run devstack as an ordinary user', command: 'devstack up --provider kind' } }],
  [60, 69, { code: 'minikube-engine', message: 'minikube cannot use the Docker engine', isMachine: true, hint: { text: 'see whether it answers', command: 'docker version' } }],
  [106, 106, { code: 'minikube-kubernetes', message: 'this minikube does not know that version of Kubernetes', isMachine: true, hint: { text: 'see which it knows', command: 'minikube config defaults kubernetes-version' } }],
  [14, 14, { code: 'minikube-usage', message: 'minikube does not take these settings', isMachine: true, hint: { text: 'see what it is told besides', command: 'minikube config view' } }],
];

/** What a failure of minikube means. Pure. */
export function minikubeError(verb: string, { exitCode, stdout, stderr }: ProcessResult, cluster: string): DevstackError {
  const errors = stdout.split('\n').flatMap((line) => eventOf(line) ?? []).filter(({ kind, data }) => kind === 'error' && stringAt(data, 'exitcode') !== undefined);
  const last = errors.at(-1)?.data;
  const [name, told] = [stringAt(last, 'name'), stringAt(last, 'message')];
  const [, , known] = FAILURES.find(([from, to]) => exitCode >= from && exitCode <= to) ?? [];
  const reason = oneLine(told ?? stderr.trim().split('\n').at(-1) ?? '');
  const options = {
    code: known?.code ?? 'minikube-failed', message: known?.message ?? `minikube ${verb} failed`, reason: `${name ?? `exit code ${exitCode}`}${reason === '' ? '' : `: ${reason}`}`,
    hints: [known?.hint ?? { text: 'see what its node says', command: `minikube logs --profile ${cluster}` }], details: { exitCode },
  };
  return known?.isMachine === true ? preconditionError(options) : failedError(options);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 300);
}
