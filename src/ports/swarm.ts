// An engine as a node of a swarm, and engines by endpoint.
import type { SwarmEvent, SwarmKind, SwarmObjects, SwarmSpecKind, SwarmSpecs } from '../model/swarm.ts';
import type { Docker } from './docker.ts';

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
