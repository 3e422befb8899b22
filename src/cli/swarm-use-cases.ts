// What commands about a swarm ask for.
import type { DeployReport } from '../swarm/deploy.ts';
import type { NodeChange, NodeRow } from '../swarm/nodes.ts';
import type { RemovedStack } from '../swarm/remove.ts';
import type { ServiceChange } from '../swarm/service.ts';
import type { StackPlan } from '../swarm/stack/normalise.ts';
import type { ServiceStatus } from '../swarm/status.ts';
import type { LogLine } from './app-use-cases.ts';
import type { Runtime } from './operations/status.ts';
import type { RunOptions } from './use-cases.ts';

export interface StackFileRequest {
  readonly path: string;
  readonly cwd: string;
  /** Undefined: the only stack there is. */
  readonly stack: string | undefined;
  /** Name of the deployment; that of the file when undefined. */
  readonly name: string | undefined;
  readonly profiles: readonly string[];
  readonly env: { readonly [name: string]: string | undefined };
}

export interface SwarmAppRequest {
  /** A folder, or the id of a template. */
  readonly source: string;
  /** Instead of a source: a sample of `up`, which needs no build. */
  readonly sample?: string;
  /** Name of the app, for a sample; by default that of the sample. */
  readonly app?: string;
  /** Tasks of a sample; by default one. */
  readonly replicas?: number;
  readonly cwd: string;
  readonly stack: string | undefined;
  readonly env: { readonly [name: string]: string };
  readonly buildArgs: { readonly [name: string]: string };
  /** That the container listens on, where the app does not say. */
  readonly port: number | undefined;
  readonly probePath: string;
}

export interface PlannedStackFile {
  readonly stack: string;
  readonly plan: StackPlan;
}

export interface ServiceOutcome {
  readonly stack: string;
  readonly status: ServiceStatus;
  readonly durationMs: number;
}

export type StackReport = DeployReport & { readonly stack: string; readonly durationMs: number };

export interface SwarmUseCases {
  /** Reads the file and the folders it is built from; changes nothing. Throws `stack-file-invalid` with all problems. */
  planStackFile(request: StackFileRequest, options: RunOptions): Promise<PlannedStackFile>;
  /** Builds, loads, deploys, waits, proves. `isPublic`: ports listen on every address of this machine. */
  deployStackFile(request: StackFileRequest, options: RunOptions & { readonly isPublic: boolean }): Promise<StackReport>;
  planSwarmApp(request: SwarmAppRequest, options: RunOptions): Promise<PlannedStackFile>;
  deploySwarmApp(request: SwarmAppRequest, options: RunOptions & { readonly isPublic: boolean }): Promise<StackReport>;
  /** True for a stack that is a swarm; throws as `status` does for a stack that is not there. */
  isSwarm(stack: string | undefined): Promise<boolean>;
  /** The stack named, or the only one (of that runtime). Throws `stack-unknown`, `stack-ambiguous`. */
  findStack(stack: string | undefined, runtime?: Runtime): Promise<{ readonly stack: string; readonly runtime: Runtime; readonly label?: string | undefined }>;
  /** As `appLogs`, also by the name of a service alone. Throws `service-unknown`. */
  serviceLogs(service: string, stack: string | undefined, choice: { readonly tailLines: number; readonly follow: boolean }, options: RunOptions): AsyncIterable<LogLine>;
  removeDeployment(name: string, stack: string | undefined, options: RunOptions): Promise<RemovedStack & { readonly stack: string }>;
  /** Several services at once, in the order given. */
  scaleServices(wishes: readonly { readonly service: string; readonly replicas: number }[], stack: string | undefined, options: RunOptions): Promise<readonly ServiceOutcome[]>;
  updateService(service: string, change: ServiceChange, stack: string | undefined, options: RunOptions): Promise<ServiceOutcome>;
  rollbackService(service: string, stack: string | undefined, options: RunOptions): Promise<ServiceOutcome>;
  nodes(stack: string | undefined, options: RunOptions): Promise<{ readonly stack: string; readonly nodes: readonly NodeRow[] }>;
  changeNode(node: string, change: NodeChange, stack: string | undefined, options: RunOptions): Promise<NodeRow>;
}
