// What commands ask for. Implemented by compose.ts, the only module that knows the adapters.
import type { Addon } from '../addons/addon.ts';
import type { Availability, Finding } from '../clusters/provider.ts';
import type { Hint } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { ClusterState, DomainFacts, RegistryFacts, StackFacts } from '../model/fact.ts';
import type { ObjectRef } from '../model/object.ts';
import type { Endpoint, Plan } from '../model/plan.ts';
import type { StackSpec } from '../model/stack.ts';
import type { AppUseCases } from './app-use-cases.ts';
import type { SwarmUseCases } from './swarm-use-cases.ts';

export interface RunOptions {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** An endpoint with the result of a request made just now. */
export interface EndpointResult extends Endpoint {
  /** HTTP status, or undefined when nothing answered. */
  readonly status: number | undefined;
  readonly verified: boolean;
  readonly reason?: string;
  readonly durationMs?: number;
}

export interface UpResult {
  readonly stack: string;
  readonly provider: string;
  /** What every screen about the stack must say. */
  readonly label?: string | undefined;
  /** Undefined where no Kubernetes runs. */
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly endpoints: readonly EndpointResult[];
  readonly durationMs: number;
  /** Steps that changed something; 0 on a second `up`. */
  readonly changed: number;
  readonly notes: readonly string[];
  readonly kept: readonly { readonly ref: ObjectRef; readonly manager: string; readonly fields: readonly string[] }[];
}

export interface PartStatus {
  readonly part: string;
  readonly state: 'ready' | 'pending' | 'failed';
  readonly message: string;
  readonly objects: number;
  /** Of what people deployed: pods (or tasks) that run, before anything was asked of them. */
  readonly replicas?: number;
}

export interface StackStatus {
  readonly stack: string;
  readonly provider: string;
  readonly cluster: string;
  /** What every screen about the stack must say. */
  readonly label?: string | undefined;
  readonly state: ClusterState;
  /** Why it is not running, where that is known. */
  readonly reason?: string | undefined;
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly kubernetes: string | undefined;
  readonly registry?: RegistryFacts | undefined;
  readonly parts: readonly PartStatus[];
  readonly endpoints: readonly EndpointResult[];
  readonly hints: readonly Hint[];
}

export interface DownResult {
  readonly stack: string;
  /** In words, one line for each thing: `container devstack-dev-control-plane`. */
  readonly removed: readonly string[];
  readonly kept: readonly { readonly what: string; readonly reason: string }[];
  readonly durationMs: number;
  /** What every screen about the stack must say. */
  readonly label?: string | undefined;
}

export interface AddonInfo {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly summary: string;
  readonly version: string;
  readonly component: string;
  readonly needs: readonly string[];
  readonly wants: readonly string[];
  readonly conflicts: readonly string[];
  /** Its word for `--ingress`. */
  readonly ingress: string | undefined;
  readonly minKubernetes: string | undefined;
  /** Millicores and MiB that it requests; `perNode` on each node besides. */
  readonly footprint: { readonly cpuMilli: number; readonly memoryMi: number };
  readonly fitFootprint: { readonly cpuMilli: number; readonly memoryMi: number };
  readonly perNode: { readonly cpuMilli: number; readonly memoryMi: number } | undefined;
  readonly state: 'available' | 'installed' | 'incomplete';
}

export interface AddonListing {
  /** The stack that was looked at; undefined when none was. */
  readonly stack: string | undefined;
  readonly addons: readonly AddonInfo[];
}

export interface AddonChange {
  readonly stack: string;
  /** Steps that changed something. */
  readonly changed: number;
  readonly removed: readonly string[];
  readonly kept: readonly { readonly what: string; readonly reason: string }[];
  readonly notes: readonly string[];
  readonly durationMs: number;
}

/** What a provider could do here. */
export interface ProviderReport extends Availability {
  readonly id: string;
  readonly title: string;
  readonly runtime: 'kubernetes' | 'swarm';
  /** Why `up` would take it, when it would. */
  readonly chosen?: string;
}

export interface ProviderChoice {
  readonly provider: string;
  /** That of a stack that exists. */
  readonly cluster?: string;
  /** Undefined where there was nothing to choose from. */
  readonly why: string | undefined;
  /** Its cluster is not devstack's: a person has to agree. */
  readonly isSomebodys: boolean;
}

/** An image, and the addons and samples that name it. */
export interface ImageUse {
  readonly image: string;
  readonly parts: readonly string[];
}

export interface AddonPageWish {
  readonly addon: Addon;
  /** Undefined: the only one there is. */
  readonly stack: string | undefined;
  /** Of this machine; undefined: any that is free. */
  readonly port: number | undefined;
}

/** A way to a page of the cluster, over loopback. */
export interface OpenedPage {
  readonly stack: string;
  readonly url: string;
  /** Secret: shown to the person once, written nowhere. Undefined where nobody is asked for one. */
  readonly token: string | undefined;
  readonly tokenSeconds: number;
  /** Resolves when the signal aborts, rejects with `page-lost` when the way breaks. */
  readonly ended: Promise<void>;
}

export interface PastStep {
  readonly step: string;
  readonly state: 'done' | 'failed' | 'unfinished';
  readonly durationMs?: number;
}

/** A run as its journal tells it. */
export interface PastRun {
  readonly stack: string;
  readonly command: string;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly pid: number;
  /** Absent: it was killed, or still runs. */
  readonly exit?: number;
  readonly durationMs?: number;
  /** Those that changed something. */
  readonly steps: readonly PastStep[];
}

/** What a stack is bound to: it is removed when the time is over or the process is gone, whichever is first. */
export interface Leash {
  readonly stack: string;
  readonly ttlMs?: number;
  /** This very process, or the one that has called it. */
  readonly parent?: 'self' | 'caller';
}

export interface ExecRequest {
  readonly command: readonly string[];
  /** Besides the environment of devstack. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  onLine(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface UseCases extends AppUseCases, SwarmUseCases {
  /** Observes the world and plans. Reads only. Throws every problem of spec and machine before any effect. */
  planUp(spec: StackSpec, options: RunOptions & { readonly from?: string }): Promise<Plan>;
  up(spec: StackSpec, plan: Plan, options: RunOptions & { readonly overwrite: boolean }): Promise<UpResult>;
  planDown(stack: string, options: RunOptions): Promise<Plan>;
  down(plan: Plan, options: RunOptions): Promise<DownResult>;
  /** The newest runs first, of one stack or of all that this machine knows. */
  history(wish: { readonly stack: string | undefined; readonly limit: number }): Promise<readonly PastRun[]>;
  /** Starts a reaper for the stack, or replaces the one it has. Throws `reaper-no-parent`. */
  leash(leash: Leash): Promise<void>;
  detachReaper(stack: string, token: string): Promise<void>;
  /** Waits until the stack is to be removed, and removes it; `released` when it was removed or bound anew meanwhile. */
  reap(reaper: { readonly stack: string; readonly token: string }, options: RunOptions): Promise<'removed' | 'released'>;
  /** What exists, by labels alone: no connection to any cluster, no request. For shell completion and for choosing one. */
  stacks(signal: AbortSignal): Promise<readonly StackFacts[]>;
  /** All stacks, or the one named; throws `stack-unknown` (exit 2) with the names that exist. */
  status(stack: string | undefined, options: RunOptions): Promise<readonly StackStatus[]>;
  /** How kubectl reaches the stack; writes the stack's kubeconfig again when it was lost. */
  env(stack: string | undefined, options: RunOptions): Promise<{ readonly stack: string; readonly kubeconfig: string; readonly context: string }>;
  mergeKubeconfig(stack: string, use: boolean): Promise<{ readonly path: string; readonly context: string }>;
  /** Puts the stack to sleep: nothing is lost. Throws `provider-cannot-stop`, `stack-incomplete`. */
  stop(stack: string | undefined, options: RunOptions): Promise<{ readonly stack: string; readonly wasRunning: boolean; readonly label?: string | undefined }>;
  /** Wakes it, and ends when every part is ready and every endpoint has answered. */
  start(stack: string | undefined, options: RunOptions): Promise<UpResult>;
  /** All addons, and which of them a stack has. Throws `stack-unknown`, `stack-ambiguous`, `stack-not-running`. */
  addons(stack: string | undefined, options: RunOptions): Promise<AddonListing>;
  /** What adding `spec.addons` to a running stack would do. Throws every problem before any effect. */
  planAddons(wish: { readonly spec: StackSpec; readonly stack: string | undefined }, options: RunOptions): Promise<Plan>;
  /** What removing them would do, with the objects that people made of their kinds. Throws `addon-needed`, `addon-in-use`. */
  planAddonRemoval(wish: { readonly stack: string | undefined; readonly addons: readonly string[] }, options: RunOptions): Promise<Plan>;
  /** Carries out either plan. */
  changeAddons(plan: Plan, options: RunOptions): Promise<AddonChange>;
  /** Every image that such a stack may run. Reads manifests only. */
  addonImages(spec: StackSpec, options: RunOptions): Promise<readonly ImageUse[]>;
  /** Throws `addon-without-page`, `addon-not-installed`, `port-taken`, `page-silent`. */
  openAddon(wish: AddonPageWish, options: RunOptions): Promise<OpenedPage>;
  /** Runs a program of the person; resolves with its exit code. Throws `tool-missing`. */
  exec(program: ExecRequest, options: RunOptions): Promise<number>;
  /** Writes pods, events and logs of the stack into a folder; the number of files. */
  collect(stack: string, folder: string, options: RunOptions): Promise<number>;
  /** Is this machine fit for the stack? */
  /** Every domain of the ladder, tried just now. */
  domains(options: RunOptions): Promise<readonly DomainFacts[]>;
  /** Answers names under `domain` with this machine, on loopback, until the signal aborts. */
  serveNames(server: { readonly domain: string; readonly port: number }, options: RunOptions): Promise<{ readonly port: number; readonly ended: Promise<number> }>;
  /** Is the process of a rehearsal, until the signal aborts. Throws `rehearsal-missing`. */
  serveRehearsal(stack: string, options: RunOptions): Promise<void>;
  /** What this machine can run a stack on. Sends nothing to a cluster elsewhere, downloads nothing. */
  providers(options: RunOptions): Promise<readonly ProviderReport[]>;
  /** What to take for a stack whose provider nobody named. */
  chooseProvider(spec: StackSpec, options: RunOptions): Promise<ProviderChoice>;
  doctor(options: RunOptions & { readonly fix: boolean; readonly spec: StackSpec }): Promise<readonly Finding[]>;
}
