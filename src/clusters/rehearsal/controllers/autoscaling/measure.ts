// The metrics of an autoscaler: each asks for a number of replicas, and the highest counts. Only resources of pods are measured here.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { type Draft, objectAt, objectsAt } from '../../server/json.ts';
import { parseQuantity } from '../../server/quantity.ts';
import type { Api } from '../api.ts';
import { metricsState, type PodMetrics } from './metrics.ts';
import { type Counted, proposalOf, stateOf, type Target } from './replicas.ts';

export interface MetricsReader {
  of(pod: JsonObject): PodMetrics | undefined;
}

interface Scene {
  readonly pods: readonly JsonObject[];
  readonly current: number;
  readonly nowMs: number;
  readonly metrics: MetricsReader;
  readonly api: Api;
}

interface Failure {
  readonly reason: string;
  readonly message: string;
}

interface Measured {
  readonly replicas: number;
  /** In words: `cpu resource utilization (percentage of request)`. */
  readonly metric: string;
  readonly status: JsonObject;
}

interface Asked {
  readonly replicas: number;
  readonly metric: string;
  readonly statuses: readonly JsonObject[];
}

interface Unknown {
  readonly failure: Failure;
  readonly summary: string;
  readonly statuses: readonly JsonObject[];
}

/** CPU in thousandths of a core, all else in whole units. */
function amountOf(text: unknown, name: string): number {
  const nano = parseQuantity(String(text ?? '0'))?.nano ?? 0n;
  return Number(nano / (name === 'cpu' ? 1_000_000n : 1_000_000_000n));
}

/** In Kubernetes' own words, as a person would look for them. */
function unreachable(api: Api): string | undefined {
  switch (metricsState(api)) {
    case 'absent': return 'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';
    case 'unavailable': return 'unable to fetch metrics from resource metrics API: the server is currently unable to handle the request (get pods.metrics.k8s.io)';
    case 'available': return undefined;
  }
}

function requestOf(pod: JsonObject, name: string): number | string {
  let total = 0;
  for (const container of objectsAt(pod, 'spec', 'containers')) {
    const request = objectAt(container, 'resources', 'requests')?.[name];
    if (request === undefined) return `missing request for ${name} in container ${String(container['name'])} of Pod ${stringAt(pod, 'metadata', 'name') ?? ''}`;
    total += amountOf(request, name);
  }
  return total;
}

/** The pods as they count, or why they cannot be counted. */
function countedOf(name: string, target: Target, { pods, metrics, nowMs, api }: Scene): readonly Counted[] | string {
  const problem = unreachable(api);
  if (problem !== undefined) return `unable to get metrics for resource ${name}: ${problem}`;
  const known = new Map(pods.map((pod) => [pod, metrics.of(pod)]));
  if ([...known.values()].every((each) => each === undefined)) return `unable to get metrics for resource ${name}: no metrics returned from resource metrics API`;
  const counted: Counted[] = [];
  for (const [pod, found] of known) {
    const state = stateOf(pod, found, { nowMs, isCpu: name === 'cpu' });
    if (state === undefined) continue;
    const requested = target.kind === 'utilization' ? requestOf(pod, name) : 0;
    if (typeof requested === 'string') return requested;
    const used = (found?.containers ?? []).reduce((total, container) => total + (name === 'cpu' ? container.cpuMilli : container.memoryBytes), 0);
    counted.push({ state, used, requested });
  }
  return counted;
}

function measureResource(metric: Draft, scene: Scene): Measured | Failure {
  const source = objectAt(metric, 'resource');
  const name = String(source?.['name'] ?? '');
  const wanted = objectAt(source, 'target');
  const share = wanted?.['averageUtilization'];
  const target: Target = typeof share === 'number' ? { kind: 'utilization', value: share } : { kind: 'average', value: amountOf(wanted?.['averageValue'], name) };
  const what = target.kind === 'utilization' ? 'utilization' : 'usage';
  const fail = (message: string): Failure => ({ reason: 'FailedGetResourceMetric', message: `failed to get ${name} ${what}: ${message}` });
  const counted = name === 'cpu' || name === 'memory' ? countedOf(name, target, scene) : `unable to get metrics for resource ${name}: no metrics returned from resource metrics API`;
  if (typeof counted === 'string') return fail(counted);
  const proposal = proposalOf(counted, target, scene.current);
  if (proposal === undefined) return fail('did not receive metrics for targeted pods (pods might be unready)');
  const averageValue = name === 'cpu' ? `${proposal.average}m` : String(proposal.average);
  const current = { ...(proposal.utilization === undefined ? {} : { averageUtilization: proposal.utilization }), averageValue };
  return {
    replicas: proposal.replicas, metric: `${name} resource${target.kind === 'utilization' ? ' utilization (percentage of request)' : ''}`,
    status: { type: 'Resource', resource: { name, current } },
  };
}

function measureOne(metric: Draft, scene: Scene): Measured | Failure {
  const type = String(metric['type']);
  return type === 'Resource' ? measureResource(metric, scene) : { reason: `FailedGet${type}Metric`, message: `a rehearsal measures what pods use of cpu and memory, not metrics of type ${type}` };
}

const isFailure = (result: Measured | Failure): result is Failure => !('replicas' in result);

/** Where some metrics fail, the others count only if they do not ask for fewer. */
export function measureMetrics(autoscaler: JsonObject, scene: Scene): Asked | Unknown {
  const results = objectsAt(autoscaler, 'spec', 'metrics').map((metric) => measureOne(metric, scene));
  const measured = results.filter((result): result is Measured => !isFailure(result));
  const failures = results.filter(isFailure);
  const statuses = measured.map(({ status }) => status);
  const [failure] = failures;
  const highest = measured.reduce<Measured | undefined>((most, each) => (most === undefined || each.replicas > most.replicas ? each : most), undefined);
  if (highest !== undefined && (failure === undefined || highest.replicas >= scene.current)) return { replicas: highest.replicas, metric: highest.metric, statuses };
  const first = failure ?? { reason: 'InvalidMetricSourceType', message: 'there is no metric to follow' };
  return { failure: first, summary: `invalid metrics (${failures.length} invalid out of ${results.length}), first error is: ${first.message}`, statuses };
}
