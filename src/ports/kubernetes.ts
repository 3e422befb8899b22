// A Kubernetes cluster: its objects, sets of them, and the files that lead there.
import type { KubernetesAccess } from '../model/access.ts';
import type { Json, JsonObject } from '../model/json.ts';
import type { GroupVersionKind, KubeObject, ObjectRef } from '../model/object.ts';
import type { ManifestSource, Patch } from '../model/plan.ts';
import type { ImageRule } from '../model/stack.ts';
import type { OnProgress } from './host.ts';

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
  /**
   * Absent is fine: returns false. `uid` guards against deleting a successor of the same name; `Orphan` leaves what it owns;
   * `graceSeconds` stands in the place of the time that a pod asks for, and counts only when nobody has deleted it before.
   */
  delete(
    ref: ObjectRef, options?: { readonly uid?: string; readonly propagation?: 'Foreground' | 'Background' | 'Orphan'; readonly graceSeconds?: number }, signal?: AbortSignal,
  ): Promise<boolean>;
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

export interface ApplyOptions {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** Take back fields that somebody else changed. */
  readonly overwrite?: boolean;
  /** What workloads wait for; all else is applied before. */
  untilPods?(): Promise<void>;
}

/** Work on sets of objects, above a client. */
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
