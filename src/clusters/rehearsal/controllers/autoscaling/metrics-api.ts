// The API metrics.k8s.io, which `kubectl top` and everybody else reads: what pods use, and the node as their sum.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import type { AggregatedApi } from '../../server/aggregated.ts';
import { objectAt } from '../../server/json.ts';
import { matchesLabels, parseLabelSelector } from '../../server/selectors.ts';
import { StatusError } from '../../server/status.ts';
import { type Api, refOf } from '../api.ts';
import { NODE_NAME } from '../node.ts';
import { type Metrics, metricsState, type PodMetrics } from './metrics.ts';

const GROUP = 'metrics.k8s.io';
const VERSION = 'v1beta1';
const API_VERSION = `${GROUP}/${VERSION}`;
const PATHS = new RegExp(`^/apis/${GROUP}/${VERSION}/(?:namespaces/([^/]+)/)?(pods|nodes)(?:/([^/]+))?$`);

const resource = (name: string, kind: string, namespaced: boolean): JsonObject => ({ name, singularName: '', namespaced, kind, verbs: ['get', 'list'] });
const usage = (cpuMilli: number, memoryBytes: number): JsonObject => ({ cpu: `${cpuMilli}m`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` });
const times = ({ atMs, windowMs }: Pick<PodMetrics, 'atMs' | 'windowMs'>): JsonObject => ({ timestamp: `${new Date(atMs).toISOString().slice(0, 19)}Z`, window: `${windowMs / 1000}s` });

export function metricsApi(api: Api, metrics: Metrics): AggregatedApi {
  const all = (): readonly (readonly [JsonObject, PodMetrics])[] => api.list('pods').flatMap((pod) => {
    const found = metrics.of(pod);
    return found === undefined ? [] : [[pod, found] as const];
  });
  const pods = (namespace: string | undefined): readonly JsonObject[] => all().filter(([pod]) => namespace === undefined || refOf('pods', pod).namespace === namespace).map(([pod, found]) => ({
    kind: 'PodMetrics', apiVersion: API_VERSION, metadata: { ...refMetadata(pod), labels: objectAt(pod, 'metadata', 'labels') ?? {} }, ...times(found),
    containers: found.containers.map(({ name, cpuMilli, memoryBytes }) => ({ name, usage: usage(cpuMilli, memoryBytes) })),
  }));
  const nodes = (): readonly JsonObject[] => {
    const found = all().map(([, each]) => each);
    const containers = found.flatMap((each) => each.containers);
    const last = found.reduce<PodMetrics | undefined>((newest, each) => (newest === undefined || each.atMs > newest.atMs ? each : newest), undefined);
    const cpu = containers.reduce((sum, { cpuMilli }) => sum + cpuMilli, 0);
    const memory = containers.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    const node = api.get({ key: 'nodes', namespace: '', name: NODE_NAME });
    return last === undefined ? [] : [{ kind: 'NodeMetrics', apiVersion: API_VERSION, metadata: { name: NODE_NAME, labels: objectAt(node, 'metadata', 'labels') ?? {} }, ...times(last), usage: usage(cpu, memory) }];
  };
  return {
    group: () => (metricsState(api) === 'available' ? { name: GROUP, versions: [VERSION], preferred: VERSION } : undefined),
    answer(path, query) {
      if (metricsState(api) !== 'available') return undefined;
      if (path === `/apis/${API_VERSION}`) return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: API_VERSION, resources: [resource('nodes', 'NodeMetrics', false), resource('pods', 'PodMetrics', true)] };
      const [, namespace, plural, name] = PATHS.exec(path) ?? [];
      if (plural === undefined) return undefined;
      const items = plural === 'pods' ? pods(namespace) : nodes();
      if (name === undefined) return listOf(plural, items, query);
      const found = items.find((item) => stringAt(item, 'metadata', 'name') === name);
      if (found === undefined) throw new StatusError(404, 'NotFound', `${plural}.${GROUP} ${JSON.stringify(name)} not found`);
      return found;
    },
  };
}

function refMetadata(pod: JsonObject): JsonObject {
  const { name, namespace } = refOf('pods', pod);
  return { name, namespace, creationTimestamp: stringAt(pod, 'metadata', 'creationTimestamp') ?? null };
}

function listOf(plural: string, items: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const selector = parseLabelSelector(query.get('labelSelector') ?? '');
  return { kind: plural === 'pods' ? 'PodMetricsList' : 'NodeMetricsList', apiVersion: API_VERSION, metadata: {}, items: items.filter((item) => matchesLabels(selector, objectAt(item, 'metadata', 'labels'))) };
}
