// Every contact with the world, as small interfaces. Adapters live in host, kube, swarm, artifacts, state.
import type { Access, KubernetesAccess } from './model/access.ts';
import type { Json, JsonObject } from './model/json.ts';
import type { GroupVersionKind, KubeObject, ObjectRef } from './model/object.ts';
import type { ArtifactRef, ImageBuild, ManifestSource, Patch } from './model/plan.ts';
import type { ProcessMark } from './model/process.ts';
import type { ImageRule } from './model/stack.ts';
import type { SwarmEvent, SwarmKind, SwarmObjects, SwarmSpecKind, SwarmSpecs } from './model/swarm.ts';

export type { Access, ProcessMark };

// ── host ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps back. */
  monotonic(): number;
  /** Resolves after ms, rejects with an AbortError when the signal aborts. Only for back-off between tries. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** It ends, with all that it has started, when this process is gone, however it went. Not with `input`; not on Windows. */
  readonly lifeline?: boolean;
  /** Told once it runs: the number of its process, and of the group of all that it starts. Not on Windows, where there are no groups. */
  onStart?(group: number): void;
  /** Each line of stdout and stderr as it comes. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface Processes {
  /**
   * Runs a program without a shell, stdin closed. Resolves for every exit code; an abort ends the whole process group.
   * Throws DevstackError `tool-missing` when the program cannot be found, AbortError when aborted, `tool-timeout`.
   */
  run(command: string, args: readonly string[], options?: ProcessOptions): Promise<ProcessResult>;
  /** Absolute path of a program on PATH, or undefined. Never one in the current directory. */
  find(name: string): Promise<string | undefined>;
}

/** Processes of devstack's own that outlive the command which starts them. */
export interface Background {
  /** Runs devstack with these words, away from this terminal. What it says goes to the end of the file `log`. Throws `tool-failed`. */
  start(words: readonly string[], log: string): Promise<ProcessMark>;
  /** The mark of this process. */
  own(): Promise<ProcessMark>;
  /** Of the process that has started this one; undefined when that is gone already. */
  parent(): Promise<ProcessMark | undefined>;
  isAlive(process: ProcessMark): Promise<boolean>;
  /** Asks it to end, and forces it after `graceMs`. Returns when it is gone; at once when it is not there. */
  end(process: ProcessMark, graceMs: number): Promise<void>;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface Files {
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /** sha256 in hex, read as a stream. */
  sha256(path: string): Promise<string | undefined>;
  /**
   * Whole or not at all: temporary file in the same directory, fsync, rename, fsync of the directory. Mode 0600 unless told.
   * `keep`: through a symlink to its target, with the mode and owner of the file that is there.
   */
  write(path: string, content: string | Uint8Array, options?: { readonly mode?: number; readonly keep?: boolean }): Promise<void>;
  /** Adds to the end and makes it durable before it resolves. A new file has mode 0600. */
  append(path: string, text: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** `follow`: of what a symlink leads to. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStat | undefined>;
  /** Absolute path without symlinks; of a file that does not exist, the path itself. */
  realPath(path: string): Promise<string>;
  /** What a symlink says, as written; undefined when it is none. */
  readLink(path: string): Promise<string | undefined>;
  list(directory: string): Promise<readonly string[]>;
  /**
   * A first sign when it watches, then one each time that something in the folder or below it changed; many changes may be one sign.
   * Ends when the signal aborts.
   */
  watch(folder: string, signal: AbortSignal): AsyncIterable<void>;
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Removes a file or a tree; absent is fine. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes what writers that were killed have left half written beside this file. */
  tidyBeside(path: string): Promise<void>;
  /** Runs `work` while holding the lock at `path`; a dead holder is taken over within a second. Throws `locked` when one holder keeps it for `waitMs`. */
  withLock<T>(path: string, work: () => Promise<T>, options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<T>;
}

export interface Folders {
  /** Kubeconfigs, journals. */
  readonly state: string;
  /** Content-addressed downloads. */
  readonly cache: string;
  /** The user's configuration. */
  readonly config: string;
}

export interface Platform {
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  readonly cpus: number;
  readonly memoryMi: number;
}

export interface HttpRequest {
  readonly method?: string;
  /** `http://127.0.0.1:8080/path`; where the connection goes. */
  readonly url: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface Http {
  /** One request, no redirect, no retry, no proxy. Network failures throw DevstackError `request-failed`. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export interface DownloadRequest {
  readonly url: string;
  /** Where the bytes go. What an earlier try left there is resumed when the server still has the same file. */
  readonly path: string;
  /** A body that grows beyond it is refused. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  onProgress?(done: number, total: number | undefined): void;
}

/** Files from the internet, through the proxy and the certificate authorities that the user has. */
export interface Downloads {
  /**
   * Follows a few redirects, never from https to anything else; retries what may pass; gives up when no byte comes for a while.
   * Throws `download-failed` with `details.status` (absent when no answer came) and `details.url`, `disk-full`.
   */
  download(request: DownloadRequest): Promise<{ readonly bytes: number; readonly contentType: string }>;
}

export interface Network {
  /** True when 127.0.0.1:port can be bound right now. */
  canBind(port: number): Promise<boolean>;
  /** A port of 127.0.0.1 that the system says is free. */
  freePort(): Promise<number>;
  /** IPv4 addresses by the system's resolver; empty when it does not resolve within timeoutMs. */
  resolve(name: string, timeoutMs: number): Promise<readonly string[]>;
  /**
   * A resolver on 127.0.0.1, by UDP, until the signal aborts. `answer` gives the IPv4 address of a name, or undefined for what is not
   * ours: that is refused. Port 0 is any free one. Throws `port-taken`, `port-forbidden`.
   */
  serveNames(options: {
    readonly port: number; readonly signal: AbortSignal; answer(name: string): string | undefined; onQuestion?(name: string, address: string | undefined): void;
  }): Promise<{ readonly port: number; readonly ended: Promise<void> }>;
}

/** A value and where its text is, as offsets: for edits that leave every other byte alone. */
export type YamlNode =
  | { readonly kind: 'scalar' | 'alias'; readonly start: number; readonly end: number; readonly value: Json }
  | { readonly kind: 'list'; readonly start: number; readonly end: number; readonly flow: boolean; readonly items: readonly YamlItem[] }
  | { readonly kind: 'map'; readonly start: number; readonly end: number; readonly flow: boolean; readonly entries: readonly YamlEntry[] };

export interface YamlItem {
  /** Of its dash in a block list, of its value in a flow list. */
  readonly start: number;
  readonly value: YamlNode;
}

export interface YamlEntry {
  readonly key: string;
  readonly start: number;
  readonly keyEnd: number;
  /** A scalar of no length where nothing stands after the colon. */
  readonly value: YamlNode;
}

export interface Yaml {
  /** All documents of a stream, as JSON; empty ones are left out. Throws DevstackError `yaml-invalid` with line and column. */
  parseAll(text: string, name: string): readonly Json[];
  /** One document with the position of each value, for messages that name the line. */
  parse(text: string, name: string): { readonly value: Json; lineOf(path: readonly (string | number)[]): number | undefined };
  /** The one document, and where each of its values is; undefined when it has no content. */
  locate(text: string, name: string): { readonly value: Json; readonly node: YamlNode } | undefined;
  /** Text that every reader of YAML 1.1 and 1.2 understands alike. */
  stringify(value: Json): string;
}

// ── load ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface LoadTarget {
  /** Where the connections go; the Host header is one of `headers`. */
  readonly hostname: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

/** One request of a load: answered with any status, or not answered. */
export type LoadReply =
  | { readonly status: number; readonly bytes: number; readonly body?: string }
  /** `timeout`, `aborted`, or the code of the system: `ECONNREFUSED`, `ECONNRESET`. */
  | { readonly failure: string };

/** Keep-alive connections to one target. */
export interface LoadConnections {
  /** Sends the request on a free connection. Never throws. `keepBody`: as text, 64 KiB at most. */
  send(options: { readonly timeoutMs: number; readonly keepBody?: boolean }): Promise<LoadReply>;
  /** How many connections were made so far. */
  readonly opened: number;
  /** Ends all; requests under way fail with `aborted`. */
  close(): void;
}

export interface LoadHttp {
  /** At most `connections` at a time; more requests than that wait for a free one. */
  open(target: LoadTarget, connections: number): Promise<LoadConnections>;
}

// ── Docker ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface DockerInfo {
  readonly serverVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroupVersion: '1' | '2';
  readonly rootless: boolean;
  readonly containerdStore: boolean;
  readonly swarm: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  readonly isSwarmManager: boolean;
  /** The engine's clock, milliseconds since the epoch. */
  readonly systemTimeMs?: number;
  /** Where it keeps images and volumes, as a path of its own machine. */
  readonly rootDirectory?: string;
}

export interface DockerContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly labels: { readonly [key: string]: string };
  readonly networks: readonly string[];
  readonly ports: readonly { readonly hostAddress: string; readonly hostPort: number; readonly containerPort: number }[];
}

/** A container to make, as its program needs it. */
export interface ContainerRequest {
  readonly name: string;
  readonly image: string;
  readonly hostname?: string;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly labels: { readonly [key: string]: string };
  /** Network (name or id) that it is attached to, with a fixed address if given (only on a network with a subnet of its own). */
  readonly network: { readonly name: string; readonly address?: string; readonly aliases?: readonly string[] };
  readonly ports?: readonly { readonly hostAddress: string; readonly hostPort: number; readonly containerPort: number }[];
  /** Named volumes; made with these labels when absent. */
  readonly volumes?: readonly { readonly name: string; readonly path: string; readonly labels: { readonly [key: string]: string } }[];
  readonly privileged?: boolean;
  /** Read-only root, no capability, no new privileges. */
  readonly confined?: boolean;
  readonly user?: string;
  readonly restart?: 'no' | 'unless-stopped';
}

export interface DockerNetwork {
  readonly id: string;
  readonly name: string;
  /** `172.20.0.0/16`, when the engine says it. */
  readonly subnet?: string;
  readonly labels: { readonly [key: string]: string };
}

export interface DockerImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly architecture: string;
  readonly os: string;
  readonly size: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One Docker engine. Connection failures throw `docker-not-running`, `docker-no-permission`, `docker-missing` (all exit 3). */
export interface Docker {
  readonly endpoint: string;
  info(signal?: AbortSignal): Promise<DockerInfo>;
  /** Also stopped ones. Filters: `label=value` or `label`. */
  listContainers(filter: { readonly labels?: readonly string[]; readonly name?: string }): Promise<readonly DockerContainer[]>;
  /** Made, not started. Returns the id. Throws `container-exists` when the name is taken, `image-missing` when the image is not here. */
  createContainer(request: ContainerRequest): Promise<string>;
  /** Throws `port-taken` when a port that it publishes is in use. */
  startContainer(id: string): Promise<void>;
  stopContainer(id: string, timeoutSeconds: number): Promise<void>;
  /** Forced, with anonymous volumes; absent is fine. */
  removeContainer(id: string): Promise<void>;
  exec(container: string, command: readonly string[], options?: { readonly stdin?: NodeJS.ReadableStream | string; readonly signal?: AbortSignal }): Promise<ExecResult>;
  /** One file out of a container (running or not), or undefined when it is absent. */
  readFile(container: string, path: string): Promise<string | undefined>;
  listNetworks(filter: { readonly labels?: readonly string[]; readonly name?: string }): Promise<readonly DockerNetwork[]>;
  /** A bridge. `subnet` allows fixed addresses; the engine hands out others from `range` only, and tells the gateway only when it is named. Throws `subnet-taken`. */
  createNetwork(
    name: string, labels: { readonly [key: string]: string }, addresses?: { readonly subnet: string; readonly range: string; readonly gateway?: string },
  ): Promise<DockerNetwork>;
  /** Absent is fine. */
  removeNetwork(id: string): Promise<void>;
  listVolumes(filter: { readonly labels?: readonly string[] }): Promise<readonly { readonly name: string; readonly labels: { readonly [key: string]: string } }[]>;
  removeVolume(name: string): Promise<void>;
  listImages(): Promise<readonly DockerImage[]>;
  inspectImage(reference: string): Promise<DockerImage | undefined>;
  pullImage(reference: string, onProgress: (message: string) => void, signal?: AbortSignal): Promise<void>;
  /** To the registry that its name says, as far as it lacks it. Throws `image-push-failed`, `image-missing`. */
  pushImage(reference: string, onProgress: (message: string) => void, signal?: AbortSignal): Promise<void>;
  /** The archive of one image, one platform. */
  saveImage(reference: string): Promise<NodeJS.ReadableStream>;
  /** Reads an archive that `saveImage` made. */
  loadImage(archive: NodeJS.ReadableStream): Promise<void>;
}

// ── Swarm ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SwarmState {
  readonly local: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  readonly isManager: boolean;
  readonly nodeId: string;
  /** What the engine says about a state of `error`. */
  readonly error: string;
}

export interface SwarmCluster {
  readonly id: string;
  readonly labels: { readonly [key: string]: string };
  readonly isAutolocked: boolean;
}

export interface SwarmInit {
  /** Address that other nodes reach this one at; it listens there only. */
  readonly advertise: string;
  readonly labels: { readonly [key: string]: string };
  readonly autolock: boolean;
}

export interface SwarmJoin {
  readonly advertise: string;
  /** `host:2377` of a manager. */
  readonly manager: string;
  readonly token: string;
}

export interface TaskLine {
  /** Id of the task. */
  readonly task: string;
  readonly line: string;
}

export type SwarmFilter = { readonly [name: string]: readonly string[] };

/**
 * The Swarm side of one engine. Lists, nodes, services need a manager. Errors: those of `Docker`, and `swarm-locked`,
 * `swarm-not-manager`, `swarm-exists` (all exit 3), `swarm-conflict` (a name is taken, the version is old), `swarm-refused`.
 */
export interface Swarm {
  readonly endpoint: string;
  state(signal?: AbortSignal): Promise<SwarmState>;
  init(options: SwarmInit): Promise<void>;
  join(options: SwarmJoin): Promise<void>;
  /** Also as the last manager, which ends the swarm. Absent is fine. */
  leave(): Promise<void>;
  cluster(signal?: AbortSignal): Promise<SwarmCluster>;
  /** Secret: never printed, logged or kept. */
  joinToken(role: 'worker' | 'manager'): Promise<string>;
  /** Secret. */
  unlockKey(): Promise<string>;
  unlock(key: string): Promise<void>;
  list<K extends SwarmKind>(kind: K, filter?: SwarmFilter, signal?: AbortSignal): Promise<readonly SwarmObjects[K][]>;
  /** By id or name; undefined when absent. */
  get<K extends SwarmKind>(kind: K, id: string, signal?: AbortSignal): Promise<SwarmObjects[K] | undefined>;
  /** Returns the id. */
  create<K extends Exclude<SwarmSpecKind, 'node'>>(kind: K, spec: SwarmSpecs[K]): Promise<string>;
  /** `version` is that of the object the new spec was made from: `swarm-conflict` when it has changed since. */
  update<K extends Exclude<SwarmSpecKind, 'network'>>(kind: K, id: string, change: { readonly version: number; readonly spec: SwarmSpecs[K] }): Promise<void>;
  /** Back to the spec before; `swarm-refused` when there was none. */
  rollback(service: SwarmObjects['service']): Promise<void>;
  /** Absent is fine: returns false. A network in use: `swarm-conflict`. */
  remove(kind: Exclude<SwarmKind, 'task'>, id: string): Promise<boolean>;
  /** The last lines of a task or service, oldest first. */
  logs(kind: 'service' | 'task', id: string, tailLines: number, signal?: AbortSignal): Promise<readonly string[]>;
  /** Lines of all tasks of a service, `tail` of each to begin with; with `follow` also those of tasks that come, until the signal aborts. */
  serviceLogs(id: string, choice: { readonly tail: number; readonly follow: boolean }, signal: AbortSignal): AsyncIterable<TaskLine>;
  /** What happens on this engine and to the swarm, until the signal aborts. Never the first to know: list again after it. */
  events(signal: AbortSignal): AsyncIterable<SwarmEvent>;
  /** `sha256:…` of an image by its registry; undefined when no registry answers for it. */
  digest(image: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Lets go of connections. */
  close(): void;
}

/**
 * Engines other than the one in `Ports.docker`, by endpoint: `unix:///…`, `tcp://…`, or `container:<name>` for the engine inside
 * a container of that one, reached through `docker exec`: no port is opened for it.
 */
export interface Engines {
  docker(endpoint: string): Docker;
  swarm(endpoint: string): Swarm;
}

// ── images ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ImageBuilder {
  /** True when the engine has the image. Throws `image-wrong-arch` when the nodes could not run it. */
  has(build: ImageBuild): Promise<boolean>;
  /**
   * Throws `base-image-unavailable`, `image-build-failed` with the failed step and the end of its log, `disk-full`, `image-wrong-arch`,
   * `sources-changed` when the folder is no longer what the image is named after (all exit 1); `dockerfile-invalid` (exit 2).
   */
  build(build: ImageBuild, options: { readonly onProgress: OnProgress; readonly signal: AbortSignal }): Promise<void>;
}

// ── artifacts ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Artifacts {
  /**
   * Path of a verified file in the cache; downloads what is missing through the mirrors, resumes a cut download,
   * re-hashes what is there. Throws `checksum-mismatch`, `download-failed`, `offline`, `disk-full`.
   */
  fetch(artifact: ArtifactRef, options?: { readonly signal?: AbortSignal; onProgress?(done: number, total: number | undefined): void }): Promise<string>;
  /** True when the file is in the cache with the right hash (no download). */
  has(artifact: ArtifactRef): Promise<boolean>;
  /** Path of a runnable tool of a pinned version: found on PATH when it is recent enough, else fetched. */
  tool(name: string, options?: { readonly signal?: AbortSignal; onProgress?(done: number, total: number | undefined): void }): Promise<string>;
}

// ── Kubernetes ──────────────────────────────────────────────────────────────────────────────────────────────────────

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

export interface ListOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only apiVersion, kind and metadata of each object. */
  readonly metadataOnly?: boolean;
}

export interface WatchOptions extends ListOptions {
  /** Called when all that is there has been given: from now on, what was not seen does not exist. Again after each new list. */
  onListed?(): void;
}

/** An open connection to one API server: raw JSON, keep-alive, explicit target. Errors: `kube-*` codes of DevstackError. */
export interface KubeClient {
  readonly access: KubernetesAccess;
  /** `v1.34.4` */
  version(signal?: AbortSignal): Promise<string>;
  /** Absent object or kind: undefined. */
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>;
  /** A kind the server does not know: an empty list. */
  list(kind: GroupVersionKind, options?: ListOptions, signal?: AbortSignal): Promise<{ readonly items: readonly KubeObject[]; readonly resourceVersion: string }>;
  /** Server-side apply by FIELD_MANAGER. Without force a conflict throws `kube-conflict` with the managers in `details`. */
  apply(object: KubeObject, options?: { readonly force?: boolean; readonly dryRun?: boolean }, signal?: AbortSignal): Promise<KubeObject>;
  create(object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  /** JSON merge patch. */
  patch(ref: ObjectRef, patch: JsonObject, options?: { readonly subresource?: string }, signal?: AbortSignal): Promise<KubeObject>;
  /** Absent is fine: returns false. `uid` guards against deleting a successor of the same name. */
  delete(ref: ObjectRef, options?: { readonly uid?: string; readonly propagation?: 'Foreground' | 'Background' }, signal?: AbortSignal): Promise<boolean>;
  /** First the present objects as ADDED, then changes, over reconnects and 410, until the signal aborts or the consumer stops. */
  watch(kind: GroupVersionKind, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  logs(pod: ObjectRef, options: { readonly container?: string; readonly tailLines?: number; readonly previous?: boolean }, signal?: AbortSignal): Promise<string>;
  /** Follows a log line by line until the signal aborts or the container ends. */
  followLogs(pod: ObjectRef, options: { readonly container?: string; readonly tailLines?: number }, signal: AbortSignal): AsyncIterable<string>;
  /** Any other request: `/metrics`, `/apis/metrics.k8s.io/…`. */
  raw(method: string, path: string, body?: Json, signal?: AbortSignal): Promise<{ readonly status: number; readonly body: string }>;
  /** A request to a Service of the cluster, by way of the API server: nothing has to be open for it. Every answer is returned. */
  callService(
    service: { readonly namespace: string; readonly name: string; readonly port: number },
    request: { readonly method: 'GET' | 'POST'; readonly path: string; readonly contentType?: string; readonly body?: string }, signal?: AbortSignal,
  ): Promise<{ readonly status: number; readonly body: string }>;
  /** Counts requests and writes since the client was made. */
  readonly requests: { readonly total: number; readonly writes: number };
  close(): void;
}

/** The objects of one part of a stack, as they are wanted. */
export interface ObjectSet {
  readonly stack: string;
  readonly part: string;
  readonly objects: readonly KubeObject[];
}

export interface ApplyReport {
  readonly created: readonly ObjectRef[];
  readonly changed: readonly ObjectRef[];
  readonly unchanged: number;
  /** Removed because the new set no longer has them. */
  readonly pruned: readonly ObjectRef[];
  /** Fields that somebody else owns now; left as they are. */
  readonly kept: readonly { readonly ref: ObjectRef; readonly manager: string; readonly fields: readonly string[] }[];
}

export interface RemoveReport {
  readonly removed: readonly ObjectRef[];
  /** What stays, and why: not ours, shared with another part, a namespace with foreign objects. */
  readonly kept: readonly { readonly ref: ObjectRef; readonly reason: string }[];
}

export interface Inventory {
  readonly stack: string;
  readonly part: string;
  readonly refs: readonly ObjectRef[];
  /** False while an apply is under way or was cut off. */
  readonly complete: boolean;
}

export interface Readiness {
  readonly ref: ObjectRef;
  /** `gone`: it does not exist (any more). */
  readonly state: 'pending' | 'ready' | 'failed' | 'gone';
  /** `0/1 available: pulling image gcr.io/…`, in one line. */
  readonly message: string;
}

export type OnProgress = (message: string, done?: number, total?: number) => void;

/** Work on sets of objects, above a client. */
export interface ApplyOptions {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** Take back fields that somebody else changed. */
  readonly overwrite?: boolean;
  /** What workloads wait for; all else is applied before. */
  untilPods?(): Promise<void>;
}

export interface KubeSets {
  /** `unchanged` when an apply would write nothing. Reads only. */
  compare(client: KubeClient, set: ObjectSet, signal: AbortSignal): Promise<'absent' | 'unchanged' | 'drifted'>;
  /** CRDs → Established → the rest in waves; intent in the inventory before, done after; prunes what the set lost. */
  apply(client: KubeClient, set: ObjectSet, options: ApplyOptions): Promise<ApplyReport>;
  /**
   * Ends when pods can look up names: a ready endpoint of the Service `kube-system/kube-dns`. At once where a cluster has no such Service.
   * A program that asks earlier may not find the API server, ends, and is started again only after the kubelet's ten seconds.
   */
  untilNames(client: KubeClient, options: { readonly onProgress: OnProgress; readonly signal: AbortSignal }): Promise<void>;
  /** Reverse order, finalizers respected, namespaces with foreign objects kept. `objectsOnly`: what was made of the kinds it defines, and no more. */
  remove(client: KubeClient, target: { readonly stack: string; readonly part: string; readonly objectsOnly?: boolean }, options: { readonly onProgress: OnProgress; readonly signal: AbortSignal }): Promise<RemoveReport>;
  /** Ends when all are ready. Throws at once with cause, event and log tail when one cannot become ready; `not-ready` with the last observation when the signal times out. */
  wait(client: KubeClient, refs: readonly ObjectRef[], options: { readonly onProgress: OnProgress; readonly signal: AbortSignal }): Promise<void>;
  /**
   * Ends when the API server would accept this object. `defaulted` is the path of a field that only a webhook sets: as long as the
   * answer lacks it, the webhook is not in force yet (Knative's have no rules until they run, so everything passes).
   */
  admit(
    client: KubeClient, object: KubeObject, options: { readonly onProgress: OnProgress; readonly signal: AbortSignal; readonly defaulted?: readonly string[] },
  ): Promise<void>;
  /**
   * For a cluster that was asleep: removes the leases that nobody has renewed since `before` (milliseconds since the epoch). Who leads next
   * would else wait out their term: 15 s in Kubernetes, 60 s in Knative (config-leader-election).
   */
  releaseLeases(client: KubeClient, options: { readonly before: number; readonly signal: AbortSignal }): Promise<void>;
  status(client: KubeClient, refs: readonly ObjectRef[], signal: AbortSignal): Promise<readonly Readiness[]>;
  inventories(client: KubeClient, stack: string, signal: AbortSignal): Promise<readonly Inventory[]>;
}

/** Turns sources of a plan into objects: fetch, parse, patch, rewrite images. Same input, same output. */
export interface Manifests {
  load(sources: readonly ManifestSource[], patches: readonly Patch[], imageRules: readonly ImageRule[], signal?: AbortSignal): Promise<readonly KubeObject[]>;
  /** Every image that these objects name, also those for pods that a controller makes later; each once, sorted. */
  images(sources: readonly ManifestSource[], patches: readonly Patch[], imageRules: readonly ImageRule[], signal?: AbortSignal): Promise<readonly string[]>;
}

export interface Kubeconfigs {
  /** Where the kubeconfig of a stack is. */
  pathOf(stack: string): string;
  /** Writes the stack's own kubeconfig (0600). */
  write(stack: string, kubeconfig: string): Promise<string>;
  /** Copies the stack's entries into the user's file, which keeps its bytes, comments, order and mode otherwise. */
  merge(stack: string, options: { readonly use: boolean; readonly target?: string }): Promise<{ readonly path: string; readonly context: string }>;
  /** Takes the stack's entries out of the user's file again, if they are there and are the stack's. */
  unmerge(stack: string): Promise<boolean>;
  remove(stack: string): Promise<void>;
}

export interface KubeConnector {
  connect(access: KubernetesAccess): Promise<KubeClient>;
}

/** The world, as handlers get it. */
export interface Ports {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly background: Background;
  readonly files: Files;
  readonly folders: Folders;
  readonly platform: Platform;
  readonly http: Http;
  readonly network: Network;
  readonly yaml: Yaml;
  readonly docker: Docker;
  readonly engines: Engines;
  readonly artifacts: Artifacts;
  readonly imageBuilder: ImageBuilder;
  readonly kubeConnector: KubeConnector;
  readonly kubeSets: KubeSets;
  readonly manifests: Manifests;
  readonly kubeconfigs: Kubeconfigs;
  readonly env: { readonly [name: string]: string | undefined };
}
