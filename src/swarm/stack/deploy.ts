// `deploy:` and its older relatives: mode, replicas, resources, restart, placement, update policies. Pure.
import type { EndpointSpec, PlacementSpec, PortConfig, ResourceLimits, ServiceMode, TaskSpec, UpdateConfig } from '../../model/swarm.ts';
import type { Value } from './findings.ts';
import { bytes, nanoCpus, nanoseconds } from './units.ts';

const KEYS = ['mode', 'replicas', 'labels', 'endpoint_mode', 'placement', 'resources', 'restart_policy', 'update_config', 'rollback_config'];

export function serviceMode(service: Value): ServiceMode {
  const deploy = service.get('deploy');
  deploy.checkKeys(KEYS);
  const mode = deploy.get('mode').word(['replicated', 'global', 'replicated-job', 'global-job']) ?? 'replicated';
  const replicas = deploy.get('replicas').count() ?? service.get('scale').count();
  if (replicas !== undefined && mode.startsWith('global')) deploy.get('replicas').problem(`a service in mode ${mode} has one task on each node: leave replicas out`);
  switch (mode) {
    case 'global': return { Global: {} };
    case 'global-job': return { GlobalJob: {} };
    case 'replicated-job': return { ReplicatedJob: { MaxConcurrent: replicas ?? 1, TotalCompletions: replicas ?? 1 } };
    default: return { Replicated: { Replicas: replicas ?? 1 } };
  }
}

export function endpointSpec(service: Value, ports: readonly PortConfig[]): EndpointSpec {
  const mode = service.get('deploy').get('endpoint_mode').word(['vip', 'dnsrr']) ?? 'vip';
  return { Mode: mode, ...(ports.length === 0 ? {} : { Ports: ports }) };
}

// ── resources ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function resources(service: Value): NonNullable<TaskSpec['Resources']> | undefined {
  const declared = service.get('deploy').get('resources');
  declared.checkKeys(['limits', 'reservations']);
  const limits = { ...olderLimits(service), ...shares(declared.get('limits')) };
  const reservations = { ...olderReservations(service), ...shares(declared.get('reservations')) };
  const found = {
    ...(Object.keys(limits).length === 0 ? {} : { Limits: limits }),
    ...(Object.keys(reservations).length === 0 ? {} : { Reservations: reservations }),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

function shares(place: Value): ResourceLimits {
  place.checkKeys(['cpus', 'memory', 'pids'], { devices: 'devices are left out: Swarm reserves none', generic_resources: 'generic resources are left out' });
  const cpus = place.get('cpus').measure(nanoCpus, '0.5');
  const memory = place.get('memory').measure(bytes, '64m');
  const pids = place.get('pids').count();
  return {
    ...(cpus === undefined ? {} : { NanoCPUs: cpus }),
    ...(memory === undefined ? {} : { MemoryBytes: memory }),
    ...(pids === undefined ? {} : { Pids: pids }),
  };
}

/** Keys of the file format before `deploy`, which `docker stack` refuses. */
function olderLimits(service: Value): ResourceLimits {
  const cpus = moved(service.get('cpus'), 'deploy.resources.limits.cpus').measure(nanoCpus, '0.5');
  const memory = moved(service.get('mem_limit'), 'deploy.resources.limits.memory').measure(bytes, '64m');
  const pids = moved(service.get('pids_limit'), 'deploy.resources.limits.pids').count();
  return { ...(cpus === undefined ? {} : { NanoCPUs: cpus }), ...(memory === undefined ? {} : { MemoryBytes: memory }), ...(pids === undefined ? {} : { Pids: pids }) };
}

function olderReservations(service: Value): ResourceLimits {
  const memory = moved(service.get('mem_reservation'), 'deploy.resources.reservations.memory').measure(bytes, '64m');
  return memory === undefined ? {} : { MemoryBytes: memory };
}

function moved(value: Value, to: string): Value {
  if (!value.isAbsent) value.difference(`read as ${to}`);
  return value;
}

// ── restart and placement ───────────────────────────────────────────────────────────────────────────────────────────

export function restartPolicy(service: Value, mode: ServiceMode): TaskSpec['RestartPolicy'] {
  const policy = service.get('deploy').get('restart_policy');
  if (policy.isAbsent) return olderRestart(service.get('restart'), mode);
  policy.checkKeys(['condition', 'delay', 'max_attempts', 'window']);
  const Condition = policy.get('condition').word(['none', 'on-failure', 'any']);
  const Delay = policy.get('delay').measure(nanoseconds, '5s');
  const MaxAttempts = policy.get('max_attempts').count();
  const Window = policy.get('window').measure(nanoseconds, '2m');
  return {
    ...(Condition === undefined ? {} : { Condition }),
    ...(Delay === undefined ? {} : { Delay }),
    ...(MaxAttempts === undefined ? {} : { MaxAttempts }),
    ...(Window === undefined ? {} : { Window }),
  };
}

function olderRestart(restart: Value, mode: ServiceMode): TaskSpec['RestartPolicy'] {
  const isJob = mode.ReplicatedJob !== undefined || mode.GlobalJob !== undefined;
  const text = restart.text();
  const attempts = /^on-failure:(\d+)$/.exec(text ?? '')?.[1];
  const condition = text === undefined ? undefined : attempts === undefined ? CONDITIONS[text] : 'on-failure';
  if (text !== undefined && condition === undefined) restart.problem(`must be no, always, unless-stopped or on-failure, not "${text}"`);
  else if (condition !== undefined) restart.difference(`read as deploy.restart_policy.condition: ${condition}`);
  // A job that restarts whatever happens never ends, and the engine refuses it.
  if (isJob && (condition === undefined || condition === 'any')) return { Condition: 'on-failure' };
  return condition === undefined ? undefined : { Condition: condition, ...(attempts === undefined ? {} : { MaxAttempts: Number(attempts) }) };
}

const CONDITIONS: { readonly [restart: string]: string } = { no: 'none', false: 'none', always: 'any', 'unless-stopped': 'any', 'on-failure': 'on-failure' };

export function placement(service: Value): PlacementSpec | undefined {
  const place = service.get('deploy').get('placement');
  place.checkKeys(['constraints', 'preferences', 'max_replicas_per_node']);
  const Constraints = place.get('constraints').items().flatMap((constraint) => constraintText(constraint) ?? []);
  const Preferences = place.get('preferences').items().flatMap((preference) => {
    const spread = preference.get('spread').text();
    return spread === undefined ? (preference.problem('needs spread: the label to spread over') ?? []) : [{ Spread: { SpreadDescriptor: spread } }];
  });
  const MaxReplicas = place.get('max_replicas_per_node').count();
  const found = {
    ...(Constraints.length === 0 ? {} : { Constraints }),
    ...(Preferences.length === 0 ? {} : { Preferences }),
    ...(MaxReplicas === undefined ? {} : { MaxReplicas }),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

function constraintText(constraint: Value): string | undefined {
  const text = constraint.text() ?? '';
  return /^[\w.-]+\s*[!=]=\s*\S/.test(text) ? text : constraint.problem(`"${text}" should look like node.role==manager or node.labels.zone!=a`);
}

// ── updates ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function updateConfig(place: Value, actions: readonly string[]): UpdateConfig | undefined {
  if (place.isAbsent) return undefined;
  place.checkKeys(['parallelism', 'delay', 'failure_action', 'monitor', 'max_failure_ratio', 'order']);
  const Parallelism = place.get('parallelism').count();
  const Delay = place.get('delay').measure(nanoseconds, '5s');
  const FailureAction = place.get('failure_action').word(actions);
  const Monitor = place.get('monitor').measure(nanoseconds, '5s');
  const MaxFailureRatio = place.get('max_failure_ratio').number();
  const Order = place.get('order').word(['stop-first', 'start-first']);
  return {
    // The engine's own default for a missing number is 0: all at once. Compose's is 1.
    Parallelism: Parallelism ?? 1,
    ...(Delay === undefined ? {} : { Delay }),
    ...(FailureAction === undefined ? {} : { FailureAction }),
    ...(Monitor === undefined ? {} : { Monitor }),
    ...(MaxFailureRatio === undefined ? {} : { MaxFailureRatio }),
    ...(Order === undefined ? {} : { Order }),
  };
}
