// Prometheus for one stack: what it asks, what it may read, where it runs. It keeps some hours, and nothing when its pod is made anew.
import type { JsonObject } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { ownProgram } from '../own-program.ts';

export const PROMETHEUS = 'prometheus';
export const PROMETHEUS_PORT = 9090;
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';
const KNATIVE_NAMESPACES = ['knative-serving', 'knative-eventing'];

const NAMESPACE_AND_POD: readonly JsonObject[] = [
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' }, { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
];

/** Pods that ask for it by annotation: Kourier's Envoy does, and tells of each request that came in. */
const ANNOTATED: JsonObject = {
  job_name: 'pods', kubernetes_sd_configs: [{ role: 'pod' }],
  relabel_configs: [
    { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'], regex: 'true', action: 'keep' },
    { source_labels: ['__meta_kubernetes_pod_container_init'], regex: 'true', action: 'drop' },
    { source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_path'], regex: '(.+)', target_label: '__metrics_path__' },
    // One target a pod: its containers and ports all get the one address, and equal targets are one.
    { source_labels: ['__meta_kubernetes_pod_ip', '__meta_kubernetes_pod_annotation_prometheus_io_port'], separator: ':', regex: '(.+:\\d+)', target_label: '__address__' },
    ...NAMESPACE_AND_POD,
  ],
};

/** Knative's own programs. They tell nothing until `metrics-protocol: prometheus` stands in config-observability. */
const KNATIVE: JsonObject = {
  job_name: 'knative', kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: KNATIVE_NAMESPACES } }],
  relabel_configs: [
    { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: '(http-)?metrics', action: 'keep' }, ...NAMESPACE_AND_POD,
  ],
};

/** CPU and memory of every container, from the kubelets by way of the API server. */
const CONTAINERS: JsonObject = {
  job_name: 'containers', scheme: 'https', kubernetes_sd_configs: [{ role: 'node' }],
  authorization: { credentials_file: `${TOKEN}/token` }, tls_config: { ca_file: `${TOKEN}/ca.crt` },
  relabel_configs: [
    { target_label: '__address__', replacement: 'kubernetes.default.svc:443' },
    { source_labels: ['__meta_kubernetes_node_name'], regex: '(.+)', target_label: '__metrics_path__', replacement: '/api/v1/nodes/$1/proxy/metrics/cadvisor' },
  ],
};

/** JSON is YAML too. */
const CONFIG = JSON.stringify({ global: { scrape_interval: '10s' }, scrape_configs: [ANNOTATED, KNATIVE, CONTAINERS] }, null, 1);

function rights(namespace: string): readonly KubeObject[] {
  const name = 'devstack-monitoring';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: PROMETHEUS, namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name },
      rules: [{ apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }, { apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }, subjects: [{ kind: 'ServiceAccount', name: PROMETHEUS, namespace }],
    },
  ];
}

export function prometheus(namespace: string, { version, requests }: { readonly version: string; readonly requests: JsonObject }): readonly KubeObject[] {
  return [
    ...rights(namespace),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: PROMETHEUS, namespace }, data: { 'prometheus.yml': CONFIG } },
    ...ownProgram({
      namespace, name: PROMETHEUS, image: `quay.io/prometheus/prometheus:v${version}`, ports: { container: PROMETHEUS_PORT, service: PROMETHEUS_PORT },
      strategy: { type: 'Recreate' },
      pod: {
        serviceAccountName: PROMETHEUS, securityContext: { runAsNonRoot: true, runAsUser: 65_534, fsGroup: 65_534 },
        volumes: [{ name: 'config', configMap: { name: PROMETHEUS } }, { name: 'data', emptyDir: { sizeLimit: '1Gi' } }],
      },
      container: {
        args: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.path=/prometheus', '--storage.tsdb.retention.time=6h', '--storage.tsdb.retention.size=512MB'],
        readinessProbe: { httpGet: { path: '/-/ready', port: 'http' }, periodSeconds: 1 }, resources: { requests },
        volumeMounts: [{ name: 'config', mountPath: '/etc/prometheus' }, { name: 'data', mountPath: '/prometheus' }],
      },
    }),
  ];
}
