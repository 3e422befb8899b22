// Between the versions of a kind. Custom resources only change their apiVersion; of the built-in kinds, events and autoscalers differ.
import { isJsonObject, type Json, type JsonObject } from '../../../model/json.ts';
import { type Draft, objectAt, objectsAt, without } from './json.ts';

type Conversion = (object: JsonObject) => Draft;

function renamed(object: JsonObject, names: readonly (readonly [string, string])[], apiVersion: string): Draft {
  const byName = new Map(names);
  return { ...Object.fromEntries(Object.entries(object).map(([key, value]) => [byName.get(key) ?? key, value])), apiVersion };
}

const EVENT_FIELDS = [
  ['involvedObject', 'regarding'], ['message', 'note'], ['source', 'deprecatedSource'], ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'], ['count', 'deprecatedCount'], ['reportingComponent', 'reportingController'],
] as const;

const swapped = <A extends string, B extends string>(pairs: readonly (readonly [A, B])[]): readonly (readonly [B, A])[] => pairs.map(([left, right]) => [right, left]);

/** The one metric that autoscaling/v1 has a field for. */
function cpuTarget(object: JsonObject): Json | undefined {
  return objectsAt(object, 'spec', 'metrics').find((metric) => metric['type'] === 'Resource' && objectAt(metric, 'resource')?.['name'] === 'cpu')
    ?.['resource'];
}

function autoscalerToV1(object: JsonObject): Draft {
  const resource = cpuTarget(object);
  const percentage = isJsonObject(resource) ? objectAt(resource, 'target')?.['averageUtilization'] : undefined;
  const spec = without(objectAt(object, 'spec') ?? {}, 'metrics', 'behavior');
  const status = objectAt(object, 'status') ?? {};
  return {
    ...object, apiVersion: 'autoscaling/v1', spec: { ...spec, ...(percentage === undefined ? {} : { targetCPUUtilizationPercentage: percentage }) },
    status: { currentReplicas: 0, desiredReplicas: 0, ...without(status, 'currentMetrics', 'conditions') },
  };
}

function autoscalerToV2(object: JsonObject): Draft {
  const spec = objectAt(object, 'spec') ?? {};
  const percentage = spec['targetCPUUtilizationPercentage'];
  const metrics = percentage === undefined ? {} : { metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percentage } } }] };
  const status = without(objectAt(object, 'status') ?? {}, 'currentCPUUtilizationPercentage');
  const { currentReplicas, desiredReplicas } = status;
  return {
    ...object, apiVersion: 'autoscaling/v2', spec: { ...without(spec, 'targetCPUUtilizationPercentage'), ...metrics },
    status: { currentMetrics: null, desiredReplicas: desiredReplicas ?? 0, ...(currentReplicas === undefined || currentReplicas === 0 ? {} : { currentReplicas }) },
  };
}

const CONVERSIONS: { readonly [key: string]: Conversion } = {
  'events v1 events.k8s.io/v1': (object) => dropEmpty(renamed(object, EVENT_FIELDS, 'events.k8s.io/v1'), 'reportingController', 'reportingInstance', 'action'),
  'events events.k8s.io/v1 v1': (object) => renamed(object, swapped(EVENT_FIELDS), 'v1'),
  'horizontalpodautoscalers.autoscaling autoscaling/v2 autoscaling/v1': autoscalerToV1,
  'horizontalpodautoscalers.autoscaling autoscaling/v1 autoscaling/v2': autoscalerToV2,
};

function dropEmpty(object: Draft, ...keys: readonly string[]): Draft {
  for (const key of keys) if (object[key] === '') delete object[key];
  return object;
}

/** The object as another version shows it; shares what did not change. */
export function convert(storage: string, object: JsonObject, apiVersion: string): JsonObject {
  const from = String(object['apiVersion'] ?? apiVersion);
  if (from === apiVersion) return object;
  return CONVERSIONS[`${storage} ${from} ${apiVersion}`]?.(object) ?? { ...object, apiVersion };
}
