// Why pods do not come up: image, crash, room, volume. Pure.
import { isJsonObject, type Json } from '../model/json.ts';
import { arrayAt, at, type KubeObject, type ObjectRef, refOf, stringAt } from '../model/object.ts';
import { oneLine } from './failure.ts';
import { conditionsOf } from './status.ts';

export interface Cause {
  /** Code of the error that it makes. */
  readonly code: 'image-pull-failed' | 'container-crashed' | 'out-of-memory' | 'unschedulable' | 'volume-not-mounted' | 'container-not-created';
  /** One line: `cannot pull ghcr.io/a/b:1: no such host`. */
  readonly message: string;
  readonly pod: ObjectRef;
  readonly container?: string;
  /** Waiting longer cannot help. For `unschedulable` the caller decides, by the nodes (placement.ts). */
  readonly isFinal: boolean;
}

/** A first crash may be a start before its time; one after two restarts is no accident. */
const CRASHES_THAT_COUNT = 2;
/** A program that lived a while looked for something: in a cluster that only comes up, the API server or a setting. It gets more tries. */
const PATIENT_CRASHES_THAT_COUNT = 4;
const PATIENT_LIFE_MS = 5_000;
const PULLS_THAT_COUNT = 2;

const PULL_REASONS = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError', 'RegistryUnavailable']);
const PULL_HOPELESS = new Set(['InvalidImageName', 'ErrImageNeverPull']);
/** The registry's answer, or its absence, will be the same next time. */
const REGISTRY_SAYS_NO = new RegExp([
  'not found', 'manifest unknown', 'repository does not exist', 'access denied', 'unauthorized', 'authorization failed', 'toomanyrequests', 'no match for platform',
  'no such host', 'connection refused', 'network is unreachable', 'no route to host', 'x509:',
].join('|'), 'i');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly restarts: number;
  readonly waiting: Json | undefined;
  /** The newest end of it, now or before the present start. */
  readonly terminated: Json | undefined;
  readonly isRunning: boolean;
  readonly isReady: boolean;
}

function containersOf(pod: KubeObject): readonly Container[] {
  const entries = [...arrayAt(pod, 'status', 'initContainerStatuses'), ...arrayAt(pod, 'status', 'containerStatuses')];
  return entries.filter(isJsonObject).map((entry) => ({
    name: stringAt(entry, 'name') ?? '', image: stringAt(entry, 'image') ?? '', restarts: Number(at(entry, 'restartCount') ?? 0),
    waiting: at(entry, 'state', 'waiting'), terminated: at(entry, 'state', 'terminated') ?? at(entry, 'lastState', 'terminated'),
    isRunning: at(entry, 'state', 'running') !== undefined, isReady: at(entry, 'ready') === true,
  }));
}

/** Image of a container as the pod names it: the status may show another name of the same image. */
function imageOf(pod: KubeObject, container: string): string {
  const specs = [...arrayAt(pod, 'spec', 'initContainers'), ...arrayAt(pod, 'spec', 'containers')];
  return shortImage(stringAt(specs.find((spec) => stringAt(spec, 'name') === container), 'image') ?? '');
}

/** A digest cut to what a person compares: `repo@sha256:3846e9a41666`. */
export function shortImage(image: string): string {
  return image.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]+/, '$1');
}

/** What the registry said, without the layers of the runtime around it. */
export function registryText(message: string): string {
  const line = oneLine(message, 600);
  const inner = /^.*(?:failed to resolve (?:reference|image) "[^"]+": |failed to do request: |(?:Head|Get) "[^"]+": |failed to authorize: )(.+)$/.exec(line)?.[1] ?? line;
  return oneLine(inner.replace(/^(?:Back-off pulling image "[^"]+": ?|ErrImagePull: ?)+/, ''), 200);
}

function eventsOf(pod: KubeObject, events: readonly KubeObject[], reason: string): readonly KubeObject[] {
  return events.filter((event) => stringAt(event, 'reason') === reason && stringAt(event, 'involvedObject', 'name') === pod.metadata.name
    && (pod.metadata.uid === undefined || (stringAt(event, 'involvedObject', 'uid') ?? pod.metadata.uid) === pod.metadata.uid));
}

function timesOf(event: KubeObject): number {
  const counts = [at(event, 'series', 'count'), at(event, 'count')].filter((count) => typeof count === 'number');
  return Math.max(1, ...counts);
}

function pullCause(pod: KubeObject, { name, waiting }: Container, events: readonly KubeObject[]): Cause | undefined {
  const reason = stringAt(waiting, 'reason') ?? '';
  if (!PULL_REASONS.has(reason)) return undefined;
  const failures = eventsOf(pod, events, 'Failed').filter((event) => (stringAt(event, 'message') ?? '').startsWith('Failed to pull image'));
  const own = registryText(stringAt(waiting, 'message') ?? '');
  const text = own === '' || own.startsWith('Back-off') ? registryText(stringAt(failures.at(-1), 'message') ?? reason) : own;
  const image = imageOf(pod, name);
  const isFinal = PULL_HOPELESS.has(reason) || REGISTRY_SAYS_NO.test(text) || failures.map(timesOf).reduce((sum, times) => sum + times, 0) >= PULLS_THAT_COUNT;
  return { code: 'image-pull-failed', message: `cannot pull ${image}: ${text}`, pod: refOf(pod), container: name, isFinal };
}

function limitText(pod: KubeObject, container: string): string {
  const spec = arrayAt(pod, 'spec', 'containers').find((entry) => stringAt(entry, 'name') === container);
  const limit = stringAt(spec, 'resources', 'limits', 'memory');
  return limit === undefined ? '' : ` (limit ${limit})`;
}

function crashCause(pod: KubeObject, { name, terminated, restarts, isRunning }: Container): Cause | undefined {
  const exitCode = at(terminated, 'exitCode');
  if (terminated === undefined || exitCode === 0 || isRunning) return undefined;
  // A pod that is not restarted (a job's) has ended for good; whether that is final its job decides.
  const isFinal = restarts >= (lifeMs(terminated) >= PATIENT_LIFE_MS ? PATIENT_CRASHES_THAT_COUNT : CRASHES_THAT_COUNT);
  const reason = stringAt(terminated, 'reason') ?? '';
  const said = oneLine(stringAt(terminated, 'message') ?? '', 160);
  const times = restarts === 0 ? '' : ` (${restarts} restart${restarts === 1 ? '' : 's'})`;
  if (reason === 'OOMKilled') {
    return { code: 'out-of-memory', message: `container ${name} ran out of memory${limitText(pod, name)}${times}`, pod: refOf(pod), container: name, isFinal };
  }
  const detail = said === '' ? '' : `: ${said}`;
  return {
    code: 'container-crashed', message: `container ${name} ended with exit code ${String(exitCode)}${times}${detail}`, pod: refOf(pod), container: name, isFinal,
  };
}

/** A secret or a map that a container names may still be made by somebody: told, never final. */
function createCause(pod: KubeObject, { name, waiting }: Container): Cause | undefined {
  const reason = stringAt(waiting, 'reason') ?? '';
  if (!/^(CreateContainer|RunContainer|PreCreateHook|PreStartHook|PostStartHook)\w*Error$/.test(reason)) return undefined;
  return {
    code: 'container-not-created', message: `container ${name}: ${oneLine(stringAt(waiting, 'message') ?? reason, 200)}`, pod: refOf(pod), container: name, isFinal: false,
  };
}

function scheduleCause(pod: KubeObject): Cause | undefined {
  if (stringAt(pod, 'spec', 'nodeName') !== undefined) return undefined;
  const condition = conditionsOf(pod).find((entry) => entry.type === 'PodScheduled' && entry.status === 'False' && entry.reason === 'Unschedulable');
  return condition === undefined ? undefined : { code: 'unschedulable', message: condition.message, pod: refOf(pod), isFinal: false };
}

function mountCause(pod: KubeObject, events: readonly KubeObject[]): Cause | undefined {
  if (containersOf(pod).some((container) => container.isRunning)) return undefined;
  const event = ['FailedMount', 'FailedAttachVolume'].flatMap((reason) => eventsOf(pod, events, reason)).at(-1);
  const message = stringAt(event, 'message');
  return message === undefined ? undefined : { code: 'volume-not-mounted', message: oneLine(message, 200), pod: refOf(pod), isFinal: false };
}

function causesOfPod(pod: KubeObject, events: readonly KubeObject[]): readonly Cause[] {
  if (pod.metadata.deletionTimestamp !== undefined) return [];
  const containers = containersOf(pod);
  return [
    ...containers.map((container) => pullCause(pod, container, events)),
    ...containers.map((container) => crashCause(pod, container)),
    scheduleCause(pod),
    ...containers.map((container) => createCause(pod, container)),
    mountCause(pod, events),
  ].filter((cause) => cause !== undefined);
}

/** What stands behind pods that are not ready: a final cause first, undefined when they are only on their way. */
export function causeOf(pods: readonly KubeObject[], events: readonly KubeObject[]): Cause | undefined {
  const causes = pods.flatMap((pod) => causesOfPod(pod, events));
  return causes.find((cause) => cause.isFinal) ?? causes[0];
}

/** What pods do right now: `pulling gcr.io/…`, `starting`, `running, not ready yet: Readiness probe failed: …`. */
export function activityOf(pods: readonly KubeObject[], events: readonly KubeObject[]): string | undefined {
  for (const pod of pods) {
    const containers = containersOf(pod);
    if (containers.length > 0 && containers.every((container) => container.isReady)) continue;
    if (stringAt(pod, 'spec', 'nodeName') === undefined) return 'waiting for a node';
    const probe = eventsOf(pod, events, 'Unhealthy').at(-1);
    if (containers.some((container) => container.isRunning)) {
      return probe === undefined ? 'started, not ready yet' : `started, not ready yet: ${oneLine(stringAt(probe, 'message') ?? '', 120)}`;
    }
    const pulling = containers.find((container) => isPulling(pod, container.name, events));
    return pulling === undefined ? 'starting' : `pulling ${imageOf(pod, pulling.name)}`;
  }
  return undefined;
}

function isPulling(pod: KubeObject, container: string, events: readonly KubeObject[]): boolean {
  const place = `{${container}}`;
  const ofContainer = (event: KubeObject) => (stringAt(event, 'involvedObject', 'fieldPath') ?? '').endsWith(place);
  return eventsOf(pod, events, 'Pulling').some(ofContainer) && !eventsOf(pod, events, 'Pulled').some(ofContainer);
}

const LONGEST_STEADY_MS = 10_000;
const STEADY_MARGIN_MS = 2_000;

function lifeMs(terminated: Json | undefined): number {
  const [from, to] = ['startedAt', 'finishedAt'].map((key) => Date.parse(stringAt(terminated, key) ?? ''));
  return from === undefined || to === undefined || Number.isNaN(to - from) ? 0 : to - from;
}

/**
 * How long a container that crashed before has to stay up to be believed, in milliseconds; undefined when none has crashed.
 * Without a readiness probe Kubernetes calls it ready the moment it runs, between two crashes too: it has to outlive its last run.
 */
export function steadinessOf(pods: readonly KubeObject[]): number | undefined {
  const lives = pods.flatMap((pod) => {
    const probed = new Set(arrayAt(pod, 'spec', 'containers').filter((spec) => at(spec, 'readinessProbe') !== undefined).map((spec) => stringAt(spec, 'name')));
    const restarted = containersOf(pod).filter(({ restarts, isRunning, terminated, name }) => restarts > 0 && isRunning && !probed.has(name)
      && terminated !== undefined && at(terminated, 'exitCode') !== 0);
    return restarted.map(({ terminated }) => Math.min(lifeMs(terminated) + STEADY_MARGIN_MS, LONGEST_STEADY_MS));
  });
  return lives.length === 0 ? undefined : Math.max(...lives);
}
