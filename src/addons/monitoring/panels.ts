// The dashboard that Grafana shows: requests by Knative service, as Kourier's Envoy counts them, and what the pods use. Pure.
import type { JsonObject } from '../../model/json.ts';

/** Envoy's name for where requests of a revision go is `namespace/name`; its own clusters have no slash. */
const SERVICES = 'envoy_cluster_name=~"[^/]+/.+"';
const RATE = '[1m]';
const BY_SERVICE = 'by (envoy_cluster_name)';
/** Panels of a row, of Grafana's 24 columns. */
const COLUMNS = 2;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 8;

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

const quantile = (part: number): string => `histogram_quantile(${part}, sum by (le, envoy_cluster_name) (rate(envoy_cluster_upstream_rq_time_bucket{${SERVICES}}${RATE})))`;

const PANELS: readonly Panel[] = [
  { title: 'Requests a second', unit: 'reqps', queries: [[`sum ${BY_SERVICE} (rate(envoy_cluster_upstream_rq_total{${SERVICES}}${RATE}))`, '{{envoy_cluster_name}}']] },
  {
    title: 'Answers that are errors (5xx) a second', unit: 'reqps',
    queries: [[`sum ${BY_SERVICE} (rate(envoy_cluster_upstream_rq_xx{${SERVICES},envoy_response_code_class="5"}${RATE}))`, '{{envoy_cluster_name}}']],
  },
  { title: 'Time to answer', unit: 'ms', queries: [[quantile(0.5), '{{envoy_cluster_name}} half'], [quantile(0.95), '{{envoy_cluster_name}} 95 %']] },
  {
    title: 'Pods of each revision', unit: 'none',
    queries: [['count by (namespace, revision) (label_replace(container_memory_working_set_bytes{container="user-container"}, "revision", "$1", "pod", "(.+)-deployment-.+"))', '{{namespace}}/{{revision}}']],
  },
  { title: 'CPU', unit: 'none', queries: [[`sum by (namespace) (rate(container_cpu_usage_seconds_total{container!=""}${RATE}))`, '{{namespace}}']] },
  { title: 'Memory', unit: 'bytes', queries: [['sum by (namespace) (container_memory_working_set_bytes{container!=""})', '{{namespace}}']] },
];

/** As Grafana reads it from a file. @param datasource its uid. */
export function knativeDashboard(datasource: string): JsonObject {
  return {
    uid: 'devstack-knative', title: 'Knative', editable: true, schemaVersion: 39, refresh: '10s', time: { from: 'now-15m', to: 'now' },
    panels: PANELS.map(({ title, unit, queries }, index) => ({
      id: index + 1, type: 'timeseries', title, datasource: { type: 'prometheus', uid: datasource },
      gridPos: { x: (index % COLUMNS) * WIDTH, y: Math.floor(index / COLUMNS) * HEIGHT, w: WIDTH, h: HEIGHT },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: queries.map(([expr, legendFormat], number) => ({ refId: String.fromCharCode('A'.charCodeAt(0) + number), expr, legendFormat })),
    })),
  };
}
