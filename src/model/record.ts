// What a stack was made with, kept as labels on what Docker holds of it: the only memory that outlives the state folder.
import { isJsonObject, type Json, parseJson } from './json.ts';
import { DOCKER_PROVIDER_LABEL, DOCKER_RECORD_LABEL, DOCKER_STACK_LABEL } from './label.ts';
import { arrayAt, at, stringAt } from './object.ts';
import type { ClusterPlan } from './plan.ts';
import { VERSION } from './version.ts';

type Labels = { readonly [key: string]: string };

export interface StackRecord {
  readonly stack: string;
  readonly provider: string;
  readonly cluster: string;
  readonly nodes: number;
  readonly nodeImage: string | undefined;
  readonly kubernetes: string | undefined;
  readonly ports: ClusterPlan['ports'];
  readonly settings: ClusterPlan['settings'];
}

/** Labels for everything in Docker that is made for this cluster. */
export function stackLabels(plan: ClusterPlan): Labels {
  const { cluster, nodes, nodeImage, kubernetes, ports, settings } = plan;
  const record = { devstack: VERSION, cluster, nodes, nodeImage, kubernetes, ports, settings };
  return { [DOCKER_STACK_LABEL]: plan.stack, [DOCKER_PROVIDER_LABEL]: plan.provider, [DOCKER_RECORD_LABEL]: JSON.stringify(record) };
}

/**
 * The record in these labels; undefined when they are not devstack's. A record that is damaged, or that another version wrote,
 * still names its stack: such a thing must be found by `down`.
 */
export function readStackRecord(labels: Labels): StackRecord | undefined {
  const stack = labels[DOCKER_STACK_LABEL];
  if (stack === undefined || stack === '') return undefined;
  const record = parseJson(labels[DOCKER_RECORD_LABEL] ?? '');
  const nodes = at(record, 'nodes');
  return {
    stack,
    provider: labels[DOCKER_PROVIDER_LABEL] ?? '',
    cluster: stringAt(record, 'cluster') ?? '',
    nodes: typeof nodes === 'number' ? nodes : 0,
    nodeImage: stringAt(record, 'nodeImage'),
    kubernetes: stringAt(record, 'kubernetes'),
    ports: arrayAt(record, 'ports').flatMap((port) => {
      const [host, node] = [at(port, 'host'), at(port, 'node')];
      return typeof host === 'number' && typeof node === 'number' ? [{ host, node }] : [];
    }),
    settings: textsOf(at(record, 'settings')),
  };
}

function textsOf(value: Json | undefined): Labels {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
