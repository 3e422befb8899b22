// Objects of Docker's Swarm API as far as devstack reads or writes them. Names, units and absences are Docker's own:
// durations are nanoseconds, `Version.Index` guards an update, an empty list may be missing.

export interface SwarmVersion {
  readonly Index: number;
}

export interface SwarmStamp {
  readonly ID: string;
  readonly Version: SwarmVersion;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
}

export type Labels = { readonly [key: string]: string };

export interface HealthcheckSpec {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

export interface MountSpec {
  readonly Type: 'bind' | 'volume' | 'tmpfs';
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly BindOptions?: { readonly Propagation?: string };
  readonly VolumeOptions?: {
    readonly NoCopy?: boolean;
    readonly Labels?: Labels;
    readonly DriverConfig?: { readonly Name?: string; readonly Options?: Labels };
  };
  readonly TmpfsOptions?: { readonly SizeBytes?: number; readonly Mode?: number };
}

export interface FileTarget {
  readonly Name: string;
  readonly UID: string;
  readonly GID: string;
  /** File mode bits, as a number. */
  readonly Mode: number;
}

export interface SecretReference {
  readonly SecretID: string;
  readonly SecretName: string;
  readonly File: FileTarget;
}

export interface ConfigReference {
  readonly ConfigID: string;
  readonly ConfigName: string;
  readonly File: FileTarget;
}

export interface ContainerSpec {
  readonly Image: string;
  readonly Labels?: Labels;
  readonly Command?: readonly string[];
  readonly Args?: readonly string[];
  readonly Hostname?: string;
  readonly Env?: readonly string[];
  readonly Dir?: string;
  readonly User?: string;
  readonly Groups?: readonly string[];
  readonly TTY?: boolean;
  readonly OpenStdin?: boolean;
  readonly ReadOnly?: boolean;
  readonly Mounts?: readonly MountSpec[];
  readonly StopSignal?: string;
  readonly StopGracePeriod?: number;
  readonly Healthcheck?: HealthcheckSpec;
  readonly Hosts?: readonly string[];
  readonly DNSConfig?: { readonly Nameservers?: readonly string[]; readonly Search?: readonly string[]; readonly Options?: readonly string[] };
  readonly Secrets?: readonly SecretReference[];
  readonly Configs?: readonly ConfigReference[];
  readonly Init?: boolean;
  readonly Sysctls?: Labels;
  readonly CapabilityAdd?: readonly string[];
  readonly CapabilityDrop?: readonly string[];
  readonly Ulimits?: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
}

export interface ResourceLimits {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
  readonly Pids?: number;
}

export interface NetworkAttachment {
  readonly Target: string;
  readonly Aliases?: readonly string[];
}

export interface PlacementSpec {
  readonly Constraints?: readonly string[];
  readonly Preferences?: readonly { readonly Spread: { readonly SpreadDescriptor: string } }[];
  readonly MaxReplicas?: number;
  readonly Platforms?: readonly { readonly Architecture?: string; readonly OS?: string }[];
}

export interface TaskSpec {
  readonly ContainerSpec?: ContainerSpec;
  readonly Resources?: { readonly Limits?: ResourceLimits; readonly Reservations?: ResourceLimits };
  readonly RestartPolicy?: { readonly Condition?: string; readonly Delay?: number; readonly MaxAttempts?: number; readonly Window?: number };
  readonly Placement?: PlacementSpec;
  readonly Networks?: readonly NetworkAttachment[];
  readonly LogDriver?: { readonly Name?: string; readonly Options?: Labels };
  /** Raised to replace tasks whose spec is otherwise the same. */
  readonly ForceUpdate?: number;
  readonly Runtime?: string;
}

export interface UpdateConfig {
  /** 0: all at once. */
  readonly Parallelism?: number;
  readonly Delay?: number;
  readonly FailureAction?: string;
  /** How long after its start a task is watched. */
  readonly Monitor?: number;
  readonly MaxFailureRatio?: number;
  readonly Order?: string;
}

export interface PortConfig {
  readonly Name?: string;
  readonly Protocol?: string;
  readonly TargetPort?: number;
  readonly PublishedPort?: number;
  readonly PublishMode?: string;
}

export interface EndpointSpec {
  readonly Mode?: string;
  readonly Ports?: readonly PortConfig[];
}

export interface ServiceMode {
  readonly Replicated?: { readonly Replicas?: number };
  readonly Global?: Readonly<Record<string, never>>;
  readonly ReplicatedJob?: { readonly MaxConcurrent?: number; readonly TotalCompletions?: number };
  readonly GlobalJob?: Readonly<Record<string, never>>;
}

export interface ServiceSpec {
  readonly Name: string;
  readonly Labels?: Labels;
  readonly TaskTemplate: TaskSpec;
  readonly Mode?: ServiceMode;
  readonly UpdateConfig?: UpdateConfig;
  readonly RollbackConfig?: UpdateConfig;
  readonly EndpointSpec?: EndpointSpec;
}

export interface UpdateStatus {
  /** updating, paused, completed, rollback_started, rollback_paused, rollback_completed. */
  readonly State?: string;
  readonly StartedAt?: string;
  readonly CompletedAt?: string;
  readonly Message?: string;
}

export interface SwarmService extends SwarmStamp {
  readonly Spec: ServiceSpec;
  readonly PreviousSpec?: ServiceSpec;
  readonly Endpoint?: { readonly Spec?: EndpointSpec; readonly Ports?: readonly PortConfig[] };
  /** Absent before the first update. */
  readonly UpdateStatus?: UpdateStatus | null;
  readonly JobStatus?: { readonly JobIteration?: SwarmVersion; readonly LastExecution?: string };
}

export interface TaskStatus {
  readonly Timestamp?: string;
  /** new pending assigned accepted preparing ready starting running complete shutdown failed rejected remove orphaned. */
  readonly State: string;
  readonly Message?: string;
  readonly Err?: string;
  readonly ContainerStatus?: { readonly ContainerID?: string; readonly PID?: number; readonly ExitCode?: number };
}

export interface SwarmTask extends SwarmStamp {
  readonly Spec: TaskSpec;
  readonly ServiceID: string;
  /** 1 and up; absent or 0 for a global service. */
  readonly Slot?: number;
  readonly NodeID?: string;
  readonly Status: TaskStatus;
  readonly DesiredState: string;
  readonly JobIteration?: SwarmVersion;
}

export interface NodeSpec {
  readonly Name?: string;
  readonly Labels?: Labels;
  /** worker or manager. */
  readonly Role?: string;
  /** active, pause or drain. */
  readonly Availability?: string;
}

export interface SwarmNode extends SwarmStamp {
  readonly Spec: NodeSpec;
  readonly Description?: {
    readonly Hostname?: string;
    readonly Platform?: { readonly Architecture?: string; readonly OS?: string };
    readonly Resources?: ResourceLimits;
    readonly Engine?: { readonly EngineVersion?: string; readonly Labels?: Labels };
  };
  readonly Status?: { readonly State?: string; readonly Addr?: string; readonly Message?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability?: string; readonly Addr?: string };
}

/** Networks are older than Swarm and spelled differently. */
export interface SwarmNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Driver?: string;
  readonly Scope?: string;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly Labels?: Labels | null;
  readonly Options?: Labels | null;
}

export interface NetworkSpec {
  readonly Name: string;
  readonly Driver: string;
  readonly Attachable: boolean;
  readonly Labels: Labels;
  readonly Options?: Labels;
  readonly Internal?: boolean;
  readonly IPAM?: { readonly Driver?: string; readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] };
}

/** Spec of a secret or config. `Data` is base64; a secret never gives it back. */
export interface BlobSpec {
  readonly Name: string;
  readonly Labels?: Labels;
  readonly Data?: string;
}

export interface SwarmBlob extends SwarmStamp {
  readonly Spec: BlobSpec;
}

/** What each kind of object looks like when it is read. */
export interface SwarmObjects {
  readonly service: SwarmService;
  readonly task: SwarmTask;
  readonly node: SwarmNode;
  readonly network: SwarmNetwork;
  readonly secret: SwarmBlob;
  readonly config: SwarmBlob;
}
export type SwarmKind = keyof SwarmObjects;

/** What each kind of object looks like when it is written. */
export interface SwarmSpecs {
  readonly service: ServiceSpec;
  readonly node: NodeSpec;
  readonly network: NetworkSpec;
  readonly secret: BlobSpec;
  readonly config: BlobSpec;
}
export type SwarmSpecKind = keyof SwarmSpecs;

/** One line of the engine's event stream. */
export interface SwarmEvent {
  /** container, service, node, network, secret, config. */
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly attributes: Labels;
}
