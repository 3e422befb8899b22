// The container of a service: image, command, environment, health check and the rest that runs inside a task. Pure.
import type { ConfigReference, ContainerSpec, FileTarget, HealthcheckSpec, SecretReference } from '../../model/swarm.ts';
import type { Value } from './findings.ts';
import { mountSpecs } from './mounts.ts';
import type { DeclaredName, StackScope } from './scope.ts';
import { fileMode, nanoseconds } from './units.ts';
import { envFile, shellWords } from './words.ts';

export function containerSpec(service: Value, image: string, scope: StackScope): ContainerSpec {
  const command = wordsOf(service.get('entrypoint'));
  const args = wordsOf(service.get('command'));
  const healthcheck = healthcheckSpec(service.get('healthcheck'));
  const grace = service.get('stop_grace_period').measure(nanoseconds, '10s');
  return defined({
    Image: image,
    Labels: { ...service.get('labels').pairs(), ...scope.labels },
    Command: command,
    Args: args,
    Hostname: service.get('hostname').text(),
    Env: nonEmpty(environment(service, scope)),
    Dir: service.get('working_dir').text(),
    User: service.get('user').text(),
    Groups: nonEmpty(service.get('group_add').texts()),
    TTY: service.get('tty').boolean(),
    OpenStdin: service.get('stdin_open').boolean(),
    ReadOnly: service.get('read_only').boolean(),
    Mounts: nonEmpty(mountSpecs(service, scope)),
    StopSignal: service.get('stop_signal').text(),
    StopGracePeriod: grace,
    Healthcheck: healthcheck,
    Hosts: nonEmpty(extraHosts(service.get('extra_hosts'))),
    DNSConfig: dns(service),
    Secrets: nonEmpty(references(service.get('secrets'), scope.secrets, '').map(({ name, File }): SecretReference => ({ SecretID: '', SecretName: name, File }))),
    Configs: nonEmpty(references(service.get('configs'), scope.configs, '/').map(({ name, File }): ConfigReference => ({ ConfigID: '', ConfigName: name, File }))),
    Init: service.get('init').boolean(),
    Sysctls: service.get('sysctls').isAbsent ? undefined : service.get('sysctls').pairs(),
    CapabilityAdd: nonEmpty(service.get('cap_add').texts().map(capability)),
    CapabilityDrop: nonEmpty(service.get('cap_drop').texts().map(capability)),
    Ulimits: nonEmpty(ulimits(service.get('ulimits'))),
  });
}

type Optional<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Without the fields that are undefined: the engine tells absent from empty. */
function defined(spec: Optional<ContainerSpec> & { readonly Image: string }): ContainerSpec {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as unknown as ContainerSpec;
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** A list as it is, a text by the rules of a shell. */
function wordsOf(place: Value): readonly string[] | undefined {
  if (place.isAbsent) return undefined;
  if (Array.isArray(place.value)) return place.texts();
  return shellWords(place.text() ?? '') ?? place.problem('has a quote that is not closed');
}

// ── environment ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Env files in their order, then `environment`, the later winning. */
function environment(service: Value, scope: StackScope): readonly string[] {
  const values: { [name: string]: string } = {};
  for (const file of service.get('env_file').itemsOrOne()) {
    const path = envFilePath(file);
    const text = path === undefined ? undefined : scope.envFiles.get(path);
    if (path !== undefined && text !== undefined) Object.assign(values, envFile(text, path, { env: scope.env, findings: file.findings }));
    else if (file.get('required').value !== false) file.problem(`the file ${path ?? ''} could not be read`);
  }
  Object.assign(values, service.get('environment').pairs((name) => scope.env[name]));
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

/** `a.env`, or `{ path: a.env, required: false }`. */
export function envFilePath(file: Value): string | undefined {
  return file.object() === undefined ? file.text() : file.get('path').text();
}

// ── health check ────────────────────────────────────────────────────────────────────────────────────────────────────

function healthcheckSpec(place: Value): HealthcheckSpec | undefined {
  if (place.isAbsent) return undefined;
  place.checkKeys(['test', 'interval', 'timeout', 'retries', 'start_period', 'start_interval', 'disable']);
  if (place.get('disable').boolean() === true) return { Test: ['NONE'] };
  const Test = healthTest(place.get('test'));
  const Interval = place.get('interval').measure(nanoseconds, '10s');
  const Timeout = place.get('timeout').measure(nanoseconds, '3s');
  const StartPeriod = place.get('start_period').measure(nanoseconds, '5s');
  const StartInterval = place.get('start_interval').measure(nanoseconds, '1s');
  const Retries = place.get('retries').count();
  return {
    ...(Test === undefined ? {} : { Test }),
    ...(Interval === undefined ? {} : { Interval }),
    ...(Timeout === undefined ? {} : { Timeout }),
    ...(StartPeriod === undefined ? {} : { StartPeriod }),
    ...(StartInterval === undefined ? {} : { StartInterval }),
    ...(Retries === undefined ? {} : { Retries }),
  };
}

function healthTest(test: Value): readonly string[] | undefined {
  if (test.isAbsent) return undefined;
  if (!Array.isArray(test.value)) return ['CMD-SHELL', test.text() ?? ''];
  const words = test.texts();
  return ['NONE', 'CMD', 'CMD-SHELL'].includes(words[0] ?? '') ? words : test.problem('must begin with NONE, CMD or CMD-SHELL');
}

// ── names and addresses ─────────────────────────────────────────────────────────────────────────────────────────────

/** `db:10.0.0.5` and `db=10.0.0.5` → `10.0.0.5 db`, the order of a hosts file. */
function extraHosts(place: Value): readonly string[] {
  const entries = Array.isArray(place.value)
    ? place.texts().map((text) => /^([^:=]+)[:=](.+)$/.exec(text)?.slice(1) ?? [])
    : Object.entries(place.pairs());
  return entries.flatMap(([host, address]) => {
    if (host === undefined || address === undefined) return place.problem('should be a list of NAME:ADDRESS') ?? [];
    if (address === 'host-gateway') {
      place.difference(`${host} is left out: host-gateway means nothing in a swarm`);
      return [];
    }
    return [`${address.replace(/^\[(.*)\]$/, '$1')} ${host}`];
  });
}

function dns(service: Value): ContainerSpec['DNSConfig'] | undefined {
  const texts = (key: string): readonly string[] => service.get(key).itemsOrOne().flatMap((item) => item.text() ?? []);
  const [Nameservers, Search, Options] = [texts('dns'), texts('dns_search'), texts('dns_opt')];
  if (Nameservers.length + Search.length + Options.length === 0) return undefined;
  return { ...(Nameservers.length === 0 ? {} : { Nameservers }), ...(Search.length === 0 ? {} : { Search }), ...(Options.length === 0 ? {} : { Options }) };
}

const capability = (name: string): string => (name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name.toUpperCase()}`);

function ulimits(place: Value): NonNullable<ContainerSpec['Ulimits']> {
  return place.entries().flatMap(([Name, limit]) => {
    const isPair = limit.object() !== undefined;
    const Soft = (isPair ? limit.get('soft') : limit).number();
    const Hard = (isPair ? limit.get('hard') : limit).number();
    return Soft === undefined || Hard === undefined ? [] : [{ Name, Soft, Hard }];
  });
}

// ── secrets and configs ─────────────────────────────────────────────────────────────────────────────────────────────

const READ_BY_ALL = 0o444;

interface Reference {
  readonly name: string;
  readonly File: FileTarget;
}

/** `token`, or `{ source: token, target: name, uid, gid, mode }`. */
function references(place: Value, declared: ReadonlyMap<string, DeclaredName>, directory: string): readonly Reference[] {
  return place.items().flatMap((item) => {
    const isLong = item.object() !== undefined;
    if (isLong) item.checkKeys(['source', 'target', 'uid', 'gid', 'mode']);
    const source = isLong ? item.get('source').text() : item.text();
    const known = source === undefined ? undefined : declared.get(source);
    if (source === undefined || known === undefined) return item.problem(`${source ?? 'this'} is not declared at the top of the file`) ?? [];
    const Mode = (isLong ? item.get('mode').measure(fileMode, '0440') : undefined) ?? READ_BY_ALL;
    const Name = (isLong ? item.get('target').text() : undefined) ?? `${directory}${source}`;
    return [{ name: known.name, File: { Name, UID: item.get('uid').text() ?? '0', GID: item.get('gid').text() ?? '0', Mode } }];
  });
}
