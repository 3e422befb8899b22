// What commands about apps ask for: deploy, look, load.

import type { LoadSpec } from '../load/load-spec.ts';
import type { LoadResult } from '../load/run-load.ts';
import type { LoadSecond } from '../load/timeline.ts';
import type { KubernetesAccess } from '../model/access.ts';
import type { CloudEvent } from '../model/cloud-event.ts';
import type { JsonObject } from '../model/json.ts';
import type { ImageBuild, Plan } from '../model/plan.ts';
import type { DeployKind } from '../plan/plan-deploy.ts';
import type { EventSink } from '../plan/plan-events.ts';
import type { Revision } from '../plan/plan-traffic.ts';
import type { ListeningWatch } from './operations/app-listening.ts';
import type { EndpointResult, RunOptions } from './use-cases.ts';

/** What an app runs as. */
export type RunKind = DeployKind | 'swarm';

export interface DeployRequest {
  /** A folder, or the id of a template. */
  readonly source: string;
  /** Instead of a source: a sample of `up`, which needs no build. */
  readonly sample?: string;
  /** Name of the app, for a sample; by default that of the sample. */
  readonly app?: string;
  readonly cwd: string;
  /** Undefined: the only stack there is. */
  readonly stack: string | undefined;
  readonly kind: RunKind | undefined;
  readonly namespace: string;
  readonly env: { readonly [name: string]: string };
  /** On its pods. */
  readonly annotations: { readonly [name: string]: string };
  readonly buildArgs: { readonly [name: string]: string };
  readonly port: number | undefined;
  /** For a folder that says nothing of itself. */
  readonly probePath: string;
  /** How long the app may take until it listens. */
  readonly startMs: number;
}

export interface PlannedDeploy {
  readonly app: string;
  readonly kind: DeployKind;
  readonly stack: string;
  readonly namespace: string;
  readonly plan: Plan;
  /** The stack has no registry, and its provider could keep one. */
  readonly canHaveRegistry?: boolean;
  /** Pods to watch while it is carried out. */
  readonly watch?: ListeningWatch;
  /** The way to the stack, as found while planning: it need not be looked for again. */
  readonly reached?: { readonly provider: string; readonly access: KubernetesAccess };
}

export interface DeployResult {
  readonly app: string;
  readonly kind: DeployKind;
  readonly stack: string;
  readonly namespace: string;
  /** What every screen about the stack must say. */
  readonly label?: string | undefined;
  readonly images: readonly string[];
  readonly endpoints: readonly EndpointResult[];
  /** Steps that changed something. */
  readonly changed: number;
  readonly durationMs: number;
}

/** An app that runs in a stack. */
export interface AppRef {
  readonly app: string;
  readonly kind: RunKind;
  readonly stack: string;
  /** Of Kubernetes; in a swarm the name of the app. */
  readonly namespace: string;
  /** What every screen about the stack must say. */
  readonly label?: string | undefined;
}

export interface LogLine {
  /** Or the task of a swarm: `web.1`. */
  readonly pod: string;
  readonly line: string;
}

export interface AppLoadRequest {
  readonly ref: AppRef;
  readonly spec: Omit<LoadSpec, 'target'>;
  readonly path: string | undefined;
  readonly onSecond?: (second: LoadSecond) => void;
  /** Names what answered, from its answer. */
  readonly classify?: (reply: { readonly status: number; readonly body: string }) => string | undefined;
}

export interface TrafficState {
  readonly revisions: readonly Revision[];
  /** False while everything goes to whatever is newest. */
  readonly isPinned: boolean;
}

export interface TrafficChange {
  readonly ref: AppRef;
  /** `spec.traffic` as it shall be. */
  readonly traffic: readonly JsonObject[];
}

/** How many of the requests one version answered, and whether chance allows that. */
export interface MeasuredShare {
  readonly name: string;
  readonly number: number;
  readonly percent: number;
  readonly count: number;
  readonly total: number;
  readonly isPlausible: boolean;
}

export interface MeasureWish {
  readonly ref: AppRef;
  /** By default the path that proves the app. */
  readonly path?: string;
  readonly durationMs: number;
}

export interface EventWish {
  readonly stack: string | undefined;
  readonly namespace: string;
  readonly broker: string;
  readonly event: CloudEvent;
}

export interface SentEvent {
  readonly stack: string;
  readonly status: number;
  readonly durationMs: number;
  /** Names of the triggers that send it on. */
  readonly triggers: readonly string[];
}

export type EjectKind = 'knative' | 'deployment' | 'swarm';

export interface EjectRequest {
  /** A folder, or the id of a template. */
  readonly source: string;
  readonly cwd: string;
  readonly kind: EjectKind | undefined;
  readonly port: number | undefined;
}

/** A manifest as a person would write it. */
export interface Ejected {
  readonly app: string;
  readonly kind: EjectKind;
  /** Name of the file that it belongs in. */
  readonly file: string;
  readonly text: string;
  /** The images that it names and that have to be built. */
  readonly builds: readonly ImageBuild[];
}

export interface LoadedImages {
  readonly stack: string;
  readonly loaded: readonly string[];
  /** Those that every node had. */
  readonly present: readonly string[];
}

export interface AppUseCases {
  planDeploy(request: DeployRequest, options: RunOptions): Promise<PlannedDeploy>;
  deploy(planned: PlannedDeploy, options: RunOptions & { readonly overwrite: boolean }): Promise<DeployResult>;
  /** Throws `app-missing` with the apps that there are. */
  findApp(app: string, stack: string | undefined, options: RunOptions): Promise<AppRef>;
  apps(stack: string | undefined, options: RunOptions): Promise<readonly AppRef[]>;
  /** Pure. */
  planRemoveApp(ref: AppRef): Plan;
  removeApp(plan: Plan, options: RunOptions): Promise<{ readonly removed: readonly string[]; readonly kept: readonly { readonly what: string; readonly reason: string }[] }>;
  /**
   * Milliseconds from no pod or task at all to the first good answer; leaves one. A Knative service is left alone until it has none.
   * Throws `app-silent`, `app-keeps-running` when it does not come to rest in time.
   */
  coldStart(ref: AppRef, options: RunOptions): Promise<number>;
  /** Asks for so many pods or tasks, and does not wait for them. Throws `app-scales-itself` for a Knative service. */
  scaleApp(ref: AppRef, replicas: number, options: RunOptions): Promise<void>;
  /** The newest lines of every pod of the app; with `follow` also what comes, from pods that come too, until the signal aborts. */
  appLogs(ref: AppRef, choice: { readonly tailLines: number; readonly follow: boolean }, options: RunOptions): AsyncIterable<LogLine>;
  appEndpoint(ref: AppRef, options: RunOptions): Promise<EndpointResult>;
  /** Ends when the number of ready pods is as wished (true), or the time is up (false). */
  untilReplicas(wish: { readonly ref: AppRef; readonly timeoutMs: number; isReached(count: number): boolean }, options: RunOptions): Promise<boolean>;
  /** Lets time pass. */
  rest(ms: number, options: RunOptions): Promise<void>;
  /** Throws `traffic-unsupported` for what is no Knative service. */
  readTraffic(ref: AppRef, options: RunOptions): Promise<TrafficState>;
  /** Removes versions of a Knative service that get no requests, but those in `keep`; returns their names. */
  retireRevisions(ref: AppRef, keep: ReadonlySet<string>, options: RunOptions): Promise<readonly string[]>;
  /** Ends when requests are shared as it says. */
  setTraffic(change: TrafficChange, options: RunOptions): Promise<TrafficState>;
  /** Which version answers how often; undefined when their answers are all alike. */
  measureTraffic(wish: MeasureWish, options: RunOptions): Promise<readonly MeasuredShare[] | undefined>;
  /** What a browser shows of the app: its root where something answers there, else the path that proves it. */
  pageOf(endpoint: EndpointResult, options: RunOptions): Promise<string>;
  /** Hands the address to the person's browser; false when this machine has no way to. */
  openUrl(url: string, options: RunOptions): Promise<boolean>;
  loadApp(request: AppLoadRequest, options: RunOptions): Promise<LoadResult>;
  /** Reads only; needs no stack and no engine. Throws `app-unknown`, `kind-unsupported`. */
  eject(request: EjectRequest): Promise<Ejected>;
  /** Images of the local engine into the nodes where they are missing. Throws `image-missing`, `provider-no-images`, `stack-not-running`. */
  loadImages(stack: string | undefined, images: readonly string[], options: RunOptions): Promise<LoadedImages>;
  /** Throws `addon-missing`, `broker-missing`, `event-undelivered`. */
  sendEvent(wish: EventWish, options: RunOptions): Promise<SentEvent>;
  /** A sink of one's own, carried out by `deploy` and removed like an app. Throws `addon-missing`, `broker-missing`. */
  planEventSink(stack: string | undefined, sink: EventSink, options: RunOptions): Promise<PlannedDeploy>;
  /** Events as they arrive at a sink, until the signal aborts; `tailLines` of its log from before too. */
  watchEvents(ref: AppRef, choice: { readonly tailLines: number }, options: RunOptions): AsyncIterable<CloudEvent>;
}
