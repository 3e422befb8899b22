// A Docker engine: its containers, networks, images and volumes.

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
