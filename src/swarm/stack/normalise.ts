// A Compose file as people write it → what Swarm is asked for, with every difference told. Pure: files are read by the caller.
import { isJsonObject, type Json } from '../../model/json.ts';
import { DOCKER_MEMBER_LABEL } from '../../model/label.ts';
import type { Labels, ServiceSpec } from '../../model/swarm.ts';
import { type BlobSources, type DeclaredBlob, declaredBlobs, externalName } from './blobs.ts';
import { containerSpec, envFilePath } from './container.ts';
import { endpointSpec, placement, resources, restartPolicy, serviceMode, updateConfig } from './deploy.ts';
import { type Finding, Findings, Value } from './findings.ts';
import { interpolate } from './interpolate.ts';
import { attachments, type DeclaredNetwork, declaredNetworks } from './networks.ts';
import { portConfigs } from './ports.ts';
import type { DeclaredVolume, StackScope } from './scope.ts';

/** What `docker stack ls`, `ps` and `rm` go by. */
export const NAMESPACE_LABEL = 'com.docker.stack.namespace';
const IMAGE_LABEL = 'com.docker.stack.image';

export interface StackSource {
  /** The file, parsed. */
  readonly file: Json;
  /** Name of the deployed stack; the file's own `name` when undefined. */
  readonly name: string | undefined;
  /** Name of the devstack stack that it runs in. */
  readonly owner: string;
  readonly env: { readonly [name: string]: string | undefined };
  readonly profiles: readonly string[];
  /** Absolute folder of the file, with `/`. */
  readonly directory: string;
  readonly home: string;
  readonly nodesSeeHost: boolean;
  /** What `filesOf` asked for, as base64, by the path as written; unreadable ones left out. */
  readonly files: ReadonlyMap<string, string>;
  /** Images that were built for services, by service. */
  readonly images: { readonly [service: string]: string };
}

export interface Build {
  readonly service: string;
  /** Name that the image gets. */
  readonly image: string;
  /** As written, relative to the folder of the file. */
  readonly context: string;
  readonly args: Labels;
}

export interface StackPlan {
  readonly name: string;
  readonly networks: readonly DeclaredNetwork[];
  readonly secrets: readonly DeclaredBlob[];
  readonly configs: readonly DeclaredBlob[];
  /** In the order of their dependencies. Networks, secrets and configs are named; ids come with the deployment. */
  readonly services: readonly ServiceSpec[];
  readonly builds: readonly Build[];
  /** Nothing is deployed when there is one. */
  readonly problems: readonly Finding[];
  /** Where Swarm does something else than the file says. */
  readonly differences: readonly Finding[];
}

const TOP_KEYS = ['name', 'services', 'networks', 'volumes', 'secrets', 'configs'];
const TOP_IGNORED = { version: '' };

/** Paths of all files that the stack file names, as written: env files, and the contents of secrets and configs. */
export function filesOf(file: Json, env: StackSource['env']): readonly string[] {
  const scratch = new Findings();
  const root = new Value(interpolate(file, env, scratch), '', scratch);
  const envFiles = root.get('services').entries().flatMap(([, service]) => service.get('env_file').itemsOrOne().flatMap((item) => envFilePath(item) ?? []));
  const blobs = ['secrets', 'configs'].flatMap((section) => root.get(section).entries().flatMap(([, place]) => place.get('file').text() ?? []));
  return [...new Set([...envFiles, ...blobs])];
}

export function normaliseStack(source: StackSource): StackPlan {
  const findings = new Findings();
  const root = new Value(isJsonObject(source.file) ? interpolate(source.file, source.env, findings) : source.file, '', findings);
  if (root.object() === undefined) findings.problem('', 'the file is empty, or not a map');
  refuseInclude(root);
  root.checkKeys(TOP_KEYS, TOP_IGNORED);
  const name = stackName(root, source.name);
  const labels = { [NAMESPACE_LABEL]: name, [DOCKER_MEMBER_LABEL]: source.owner };
  const blobs: BlobSources = { files: source.files, env: source.env, labels, namespace: name };
  const secrets = declaredBlobs('secret', root.get('secrets'), blobs);
  const configs = declaredBlobs('config', root.get('configs'), blobs);
  const networks = declaredNetworks(root.get('networks'), { namespace: name, labels });
  const scope: StackScope = {
    namespace: name, owner: source.owner, directory: source.directory, home: source.home, nodesSeeHost: source.nodesSeeHost, env: source.env, labels,
    networks, secrets, configs, volumes: declaredVolumes(root.get('volumes'), name), images: source.images,
    envFiles: new Map([...source.files].map(([path, data]) => [path, Buffer.from(data, 'base64').toString('utf8')])),
  };
  const chosen = chosenServices(root.get('services'), source.profiles);
  const builds = chosen.flatMap(([key, service]) => buildOf(key, service, name) ?? []);
  const services = inOrder(chosen).map(([key, service]) => serviceSpec(key, service, { scope, builds }));
  const used = namesUsed(services);
  return {
    name, services, builds, problems: findings.problems, differences: findings.differences,
    networks: [...networks.values()].filter((network) => used.networks.has(network.name)),
    secrets: [...secrets.values()].filter((secret) => used.secrets.has(secret.name)),
    configs: [...configs.values()].filter((config) => used.configs.has(config.name)),
  };
}

/** What no service uses is not made. */
function namesUsed(services: readonly ServiceSpec[]) {
  const templates = services.map(({ TaskTemplate }) => TaskTemplate);
  return {
    networks: new Set(templates.flatMap(({ Networks = [] }) => Networks.map(({ Target }) => Target))),
    secrets: new Set(templates.flatMap(({ ContainerSpec }) => (ContainerSpec?.Secrets ?? []).map(({ SecretName }) => SecretName))),
    configs: new Set(templates.flatMap(({ ContainerSpec }) => (ContainerSpec?.Configs ?? []).map(({ ConfigName }) => ConfigName))),
  };
}

// ── the file as a whole ─────────────────────────────────────────────────────────────────────────────────────────────

function refuseInclude(root: Value): void {
  const include = root.get('include');
  if (!include.isAbsent) include.problem('devstack reads one file: put the included files into it (docker compose config prints them as one)');
}

function stackName(root: Value, named: string | undefined): string {
  const name = named ?? root.get('name').text();
  if (name === undefined) {
    root.problem('the stack has no name: give --name, or put name: at the top of the file');
    return 'stack';
  }
  if (!/^[a-z0-9][a-z0-9_-]{0,39}$/.test(name)) root.get('name').problem(`"${name}" must be 1 to 40 lower-case letters, digits, - and _`);
  return name;
}

function declaredVolumes(section: Value, namespace: string): ReadonlyMap<string, DeclaredVolume> {
  const found = new Map<string, DeclaredVolume>();
  for (const [key, place] of section.entries()) {
    place.checkKeys(['name', 'driver', 'driver_opts', 'labels', 'external']);
    const external = externalName(key, place);
    const driver = place.get('driver').text();
    const options = place.get('driver_opts').pairs();
    const config = { ...(driver === undefined ? {} : { Name: driver }), ...(Object.keys(options).length === 0 ? {} : { Options: options }) };
    found.set(key, {
      ...(external ?? { name: place.get('name').text() ?? `${namespace}_${key}`, isExternal: false }),
      labels: place.get('labels').pairs(), driver: Object.keys(config).length === 0 ? {} : { DriverConfig: config },
    });
  }
  return found;
}

type Named = readonly [string, Value];

/** A service with profiles is left out until one of them is asked for. */
function chosenServices(section: Value, profiles: readonly string[]): readonly Named[] {
  if (section.isAbsent) section.problem('the file has no services');
  return section.entries().filter(([key, service]) => {
    const own = service.get('profiles').texts();
    const isChosen = own.length === 0 || own.some((profile) => profiles.includes(profile));
    if (!isChosen) service.get('profiles').difference(`${key} is left out: ask for it with --profile ${own[0] ?? ''}`);
    return isChosen;
  });
}

/** Those that others depend on first. Swarm itself knows no order and starts them all. */
function inOrder(services: readonly Named[]): readonly Named[] {
  const placed = new Set<string>();
  const ordered: Named[] = [];
  const visit = ([key, service]: Named, path: readonly string[]): void => {
    const place = service.get('depends_on');
    if (path.includes(key)) place.problem(`depends on itself: ${[...path, key].join(' → ')}`);
    if (path.includes(key) || placed.has(key)) return;
    const needs = Array.isArray(place.value) ? place.texts() : place.entries().map(([need]) => need);
    if (needs.length > 0) place.difference(`Swarm starts all services at once: ${key} must try again until ${needs.join(' and ')} answers`);
    for (const need of needs) {
      const other = services.find(([name]) => name === need);
      if (other === undefined) place.problem(`${need} is not a service of this file, or its profile was not asked for`);
      else visit(other, [...path, key]);
    }
    if (!placed.has(key)) ordered.push([key, service]);
    placed.add(key);
  };
  for (const named of services) visit(named, []);
  return ordered;
}

// ── one service ─────────────────────────────────────────────────────────────────────────────────────────────────────

const SERVICE_KEYS = [
  'image', 'build', 'command', 'entrypoint', 'environment', 'env_file', 'ports', 'volumes', 'tmpfs', 'networks', 'secrets', 'configs', 'deploy', 'healthcheck', 'labels',
  'hostname', 'user', 'working_dir', 'tty', 'stdin_open', 'read_only', 'init', 'stop_grace_period', 'stop_signal', 'sysctls', 'ulimits', 'cap_add', 'cap_drop', 'dns',
  'dns_search', 'dns_opt', 'extra_hosts', 'group_add', 'logging', 'depends_on', 'profiles', 'restart', 'scale', 'cpus', 'mem_limit', 'mem_reservation', 'pids_limit', 'network_mode',
];
const NOT_IN_SWARM = 'is left out: Swarm has no such thing';
const SERVICE_IGNORED: { readonly [key: string]: string } = {
  expose: '', pull_policy: '', attach: '', develop: '', annotations: '', platform: 'is left out: use deploy.placement.constraints with node.platform.arch',
  container_name: 'is left out: Swarm names its containers', links: 'is left out: services find each other by name', external_links: NOT_IN_SWARM,
  privileged: NOT_IN_SWARM, devices: NOT_IN_SWARM, security_opt: NOT_IN_SWARM, shm_size: `${NOT_IN_SWARM}; a tmpfs volume at /dev/shm does it`, ipc: NOT_IN_SWARM, pid: NOT_IN_SWARM,
  userns_mode: NOT_IN_SWARM, uts: NOT_IN_SWARM, cgroup: NOT_IN_SWARM, cgroup_parent: NOT_IN_SWARM, cgroupns_mode: NOT_IN_SWARM, mac_address: NOT_IN_SWARM, domainname: NOT_IN_SWARM,
  memswap_limit: NOT_IN_SWARM, mem_swappiness: NOT_IN_SWARM, oom_kill_disable: NOT_IN_SWARM, oom_score_adj: NOT_IN_SWARM, cpu_shares: NOT_IN_SWARM, cpu_quota: NOT_IN_SWARM,
  cpu_period: NOT_IN_SWARM, cpu_count: NOT_IN_SWARM, cpu_percent: NOT_IN_SWARM, cpuset: NOT_IN_SWARM, runtime: NOT_IN_SWARM, isolation: NOT_IN_SWARM, gpus: NOT_IN_SWARM,
  blkio_config: NOT_IN_SWARM, storage_opt: NOT_IN_SWARM, volume_driver: NOT_IN_SWARM, post_start: NOT_IN_SWARM, pre_stop: NOT_IN_SWARM,
};
/** What cannot be left out without running something else than the file says. */
const SERVICE_REFUSED: { readonly [key: string]: string } = {
  extends: 'devstack reads one file without inheritance: docker compose config prints it resolved',
  volumes_from: 'name the volumes under volumes of both services instead',
  provider: 'provider services belong to Compose alone',
};

interface ServiceContext {
  readonly scope: StackScope;
  readonly builds: readonly Build[];
}

function serviceSpec(key: string, service: Value, { scope, builds }: ServiceContext): ServiceSpec {
  for (const [refused, why] of Object.entries(SERVICE_REFUSED)) if (!service.get(refused).isAbsent) service.get(refused).problem(why);
  service.checkKeys([...SERVICE_KEYS, ...Object.keys(SERVICE_REFUSED)], SERVICE_IGNORED);
  checkNetworkMode(service.get('network_mode'));
  const image = scope.images[key] ?? builds.find((build) => build.service === key)?.image ?? service.get('image').text();
  if (image === undefined) service.problem('needs an image, or build: where its source is');
  const deploy = service.get('deploy');
  const mode = serviceMode(service);
  const template = {
    ContainerSpec: containerSpec(service, image ?? '', scope),
    Resources: resources(service),
    RestartPolicy: restartPolicy(service, mode),
    Placement: placement(service),
    Networks: attachments(service, key, scope.networks),
    LogDriver: logDriver(service.get('logging')),
  };
  const update = updateConfig(deploy.get('update_config'), ['continue', 'pause', 'rollback']);
  const rollback = updateConfig(deploy.get('rollback_config'), ['continue', 'pause']);
  return {
    // A stack of one service, named like it, says its name once.
    Name: key === scope.namespace ? key : `${scope.namespace}_${key}`,
    Labels: { ...deploy.get('labels').pairs(), ...scope.labels, [IMAGE_LABEL]: image ?? '' },
    TaskTemplate: Object.fromEntries(Object.entries(template).filter(([, value]) => value !== undefined)),
    Mode: mode,
    ...(update === undefined ? {} : { UpdateConfig: update }),
    ...(rollback === undefined ? {} : { RollbackConfig: rollback }),
    EndpointSpec: endpointSpec(service, portConfigs(service.get('ports'))),
  };
}

function checkNetworkMode(mode: Value): void {
  const text = mode.text();
  if (text === undefined || text === 'bridge') return;
  mode.problem(`${text} cannot be had in a swarm: services meet in networks`);
}

function logDriver(logging: Value): { readonly Name?: string; readonly Options?: Labels } | undefined {
  if (logging.isAbsent) return undefined;
  logging.checkKeys(['driver', 'options']);
  const driver = logging.get('driver').text();
  const options = logging.get('options').pairs();
  return { ...(driver === undefined ? {} : { Name: driver }), ...(Object.keys(options).length === 0 ? {} : { Options: options }) };
}

const BUILD_IGNORED: { readonly [key: string]: string } = {
  cache_from: '', cache_to: '', labels: 'labels of the image are left out', tags: 'further tags are left out', platforms: '', pull: '', no_cache: '', shm_size: '', network: '', extra_hosts: '',
  ssh: 'ssh agents are left out of the build', secrets: 'secrets are left out of the build', additional_contexts: 'additional contexts are left out of the build', privileged: '', isolation: '', ulimits: '',
  entitlements: '', provenance: '', sbom: '',
};

function buildOf(key: string, service: Value, namespace: string): Build | undefined {
  const build = service.get('build');
  if (build.isAbsent) return undefined;
  const isLong = build.object() !== undefined;
  if (isLong) build.checkKeys(['context', 'dockerfile', 'target', 'args', 'dockerfile_inline'], BUILD_IGNORED);
  if (!build.get('dockerfile_inline').isAbsent) build.get('dockerfile_inline').problem('put the Dockerfile into a file of its own');
  const dockerfile = build.get('dockerfile').text() ?? 'Dockerfile';
  if (dockerfile !== 'Dockerfile') build.get('dockerfile').problem('devstack builds the Dockerfile of the context: move it there, or name an image');
  if (!build.get('target').isAbsent) build.get('target').problem('devstack builds the last stage: leave target out, or name an image');
  const context = (isLong ? build.get('context').text() : build.text()) ?? '.';
  build.difference(`built by devstack from ${context}: Swarm itself builds nothing`);
  return {
    service: key, image: service.get('image').text() ?? `${namespace}-${key}:latest`, context, args: build.get('args').pairs(),
  };
}
