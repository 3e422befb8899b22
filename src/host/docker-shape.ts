// What the engine's API says, as the shapes of the Docker port. Pure.
import type { ContainerRequest, DockerContainer, DockerImage, DockerInfo, DockerNetwork } from '../ports.ts';

export interface InfoAnswer {
  readonly ServerVersion: string;
  readonly SystemTime?: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly CgroupVersion?: string;
  readonly DockerRootDir?: string;
  readonly SecurityOptions?: readonly string[] | null;
  readonly DriverStatus?: readonly (readonly [string, string])[] | null;
  readonly Swarm?: { readonly LocalNodeState?: string; readonly ControlAvailable?: boolean };
}

export interface ContainerAnswer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  readonly Labels?: Labels | null;
  readonly NetworkSettings?: { readonly Networks?: { readonly [name: string]: unknown } | null } | null;
  readonly Ports?: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number; readonly Type: string }[];
}

export interface InspectAnswer {
  readonly State?: { readonly Status?: string };
  readonly HostConfig?: { readonly PortBindings?: PortBindings | null };
}

type PortBindings = { readonly [port: string]: readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null };

export interface NetworkAnswer {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Labels | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] | null } | null;
}

export interface ImageAnswer {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Architecture?: string;
  readonly Os?: string;
  readonly Size: number;
}

export interface VolumesAnswer {
  readonly Volumes?: readonly { readonly Name: string; readonly Labels?: Labels | null }[] | null;
}

type Labels = { readonly [key: string]: string };

const SWARM_STATES: readonly string[] = ['inactive', 'pending', 'active', 'error', 'locked'] satisfies DockerInfo['swarm'][];
/** The kernel's names, as images and downloads spell them. */
const MACHINES: { readonly [name: string]: string } = { x86_64: 'amd64', aarch64: 'arm64' };

export function infoOf(answer: InfoAnswer): DockerInfo {
  const swarm = answer.Swarm?.LocalNodeState ?? 'inactive';
  const time = Date.parse(answer.SystemTime ?? '');
  return {
    serverVersion: answer.ServerVersion,
    operatingSystem: answer.OperatingSystem,
    architecture: MACHINES[answer.Architecture] ?? answer.Architecture,
    cpus: answer.NCPU,
    memoryBytes: answer.MemTotal,
    cgroupVersion: answer.CgroupVersion === '1' ? '1' : '2',
    rootless: (answer.SecurityOptions ?? []).includes('name=rootless'),
    containerdStore: (answer.DriverStatus ?? []).some(([, value]) => value === 'io.containerd.snapshotter.v1'),
    swarm: SWARM_STATES.includes(swarm) ? (swarm as DockerInfo['swarm']) : 'error',
    isSwarmManager: answer.Swarm?.ControlAvailable === true,
    ...(Number.isNaN(time) ? {} : { systemTimeMs: time }),
    ...(answer.DockerRootDir === undefined ? {} : { rootDirectory: answer.DockerRootDir }),
  };
}

/** The container itself (`whole`) knows its state better than a list, and its ports also while it does not run. */
export function containerOf(answer: ContainerAnswer, whole: InspectAnswer = {}): DockerContainer {
  const state = whole.State?.Status ?? answer.State;
  return {
    id: answer.Id,
    name: nameOf(answer),
    image: answer.Image,
    state,
    labels: answer.Labels ?? {},
    networks: Object.keys(answer.NetworkSettings?.Networks ?? {}),
    ports: state === 'running' ? livePorts(answer) : boundPorts(whole.HostConfig?.PortBindings ?? {}),
  };
}

/** Links of other containers appear as further names with a second slash. */
export function nameOf(answer: ContainerAnswer): string {
  const own = answer.Names.find((name) => !name.slice(1).includes('/')) ?? answer.Names[0] ?? '';
  return own.replace(/^\//, '');
}

function livePorts(answer: ContainerAnswer): DockerContainer['ports'] {
  return (answer.Ports ?? []).flatMap((port) =>
    port.PublicPort === undefined ? [] : [{ hostAddress: port.IP ?? '', hostPort: port.PublicPort, containerPort: port.PrivatePort }]);
}

function boundPorts(bindings: PortBindings): DockerContainer['ports'] {
  return Object.entries(bindings).flatMap(([port, targets]) =>
    (targets ?? []).flatMap(({ HostIp = '', HostPort = '' }) =>
      // Empty or 0: the engine picks one at each start.
      Number(HostPort) > 0 ? [{ hostAddress: HostIp, hostPort: Number(HostPort), containerPort: Number.parseInt(port, 10) }] : []));
}

export function networkOf(answer: NetworkAnswer): DockerNetwork {
  const subnet = answer.IPAM?.Config?.find((config) => config.Subnet !== undefined && !config.Subnet.includes(':'))?.Subnet;
  return { id: answer.Id, name: answer.Name, labels: answer.Labels ?? {}, ...(subnet === undefined ? {} : { subnet }) };
}

/** A list of images does not say their platform: both are empty then. */
export function imageOf(answer: ImageAnswer): DockerImage {
  const named = (names: readonly string[] | null | undefined) => (names ?? []).filter((name) => !name.startsWith('<none>'));
  return {
    id: answer.Id, tags: named(answer.RepoTags), digests: named(answer.RepoDigests),
    architecture: answer.Architecture ?? '', os: answer.Os ?? '', size: answer.Size,
  };
}

/** The body of `POST /containers/create`. */
export function createBody(request: ContainerRequest): object {
  const ports = (request.ports ?? []).map((port) => [`${port.containerPort}/tcp`, port] as const);
  const bindings = new Map<string, object[]>();
  for (const [name, { hostAddress, hostPort }] of ports) {
    bindings.set(name, [...(bindings.get(name) ?? []), { HostIp: hostAddress, HostPort: String(hostPort) }]);
  }
  const { network } = request;
  return {
    Image: request.image,
    Labels: request.labels,
    ...(request.hostname === undefined ? {} : { Hostname: request.hostname }),
    ...(request.entrypoint === undefined ? {} : { Entrypoint: request.entrypoint }),
    ...(request.command === undefined ? {} : { Cmd: request.command }),
    ...(request.user === undefined ? {} : { User: request.user }),
    ExposedPorts: Object.fromEntries(ports.map(([name]) => [name, {}])),
    HostConfig: {
      NetworkMode: network.name,
      PortBindings: Object.fromEntries(bindings),
      Privileged: request.privileged === true,
      RestartPolicy: { Name: request.restart ?? 'no' },
      Mounts: (request.volumes ?? []).map((volume) => ({
        Type: 'volume', Source: volume.name, Target: volume.path, VolumeOptions: { Labels: volume.labels },
      })),
      ...(request.confined === true ? { ReadonlyRootfs: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] } : {}),
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network.name]: {
          ...(network.aliases === undefined ? {} : { Aliases: network.aliases }),
          ...(network.address === undefined ? {} : { IPAMConfig: { IPv4Address: network.address } }),
        },
      },
    },
  };
}

/** The body of `POST /networks/create`. */
export function networkBody(name: string, labels: Labels, addresses: { readonly subnet: string; readonly range: string; readonly gateway?: string } | undefined): object {
  const gateway = addresses?.gateway === undefined ? {} : { Gateway: addresses.gateway };
  const ipam = addresses === undefined ? {} : { IPAM: { Driver: 'default', Config: [{ Subnet: addresses.subnet, IPRange: addresses.range, ...gateway }] } };
  // Without CheckDuplicate an engine before 1.44 makes a second network of the same name.
  return { Name: name, Driver: 'bridge', CheckDuplicate: true, Labels: labels, ...ipam };
}
