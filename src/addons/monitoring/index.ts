// Prometheus and Grafana, as small as a laptop wants them: two programs, no operator. The objects are devstack's own.
import { type Addon, type AddonContext, type AddonInstall, deployment } from '../addon.ts';
import { GRAFANA, GRAFANA_PORT, grafana } from './grafana.ts';
import { PROMETHEUS, PROMETHEUS_PORT, prometheus } from './prometheus.ts';

const NAMESPACE = 'devstack-monitoring';

function install({ fit }: AddonContext, version: string): AddonInstall {
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...prometheus(NAMESPACE, { version, requests: fit ? { cpu: '20m', memory: '150Mi' } : { cpu: '100m', memory: '300Mi' } }),
    ...grafana(NAMESPACE, { prometheus: `http://${PROMETHEUS}:${PROMETHEUS_PORT}`, requests: fit ? { cpu: '20m', memory: '100Mi' } : { cpu: '100m', memory: '200Mi' } }),
  ];
  return { sources: [{ objects }], patches: [], waitFor: [deployment(NAMESPACE, PROMETHEUS), deployment(NAMESPACE, GRAFANA)] };
}

export const monitoring: Addon = {
  id: 'monitoring',
  aliases: ['prometheus', 'grafana'],
  title: 'Monitoring (Prometheus, Grafana)',
  summary: 'requests, CPU and memory of the last hours in a browser: devstack open monitoring',
  component: 'monitoring',
  version: '3.5.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  footprint: { cpuMilli: 200, memoryMi: 500 },
  fitFootprint: { cpuMilli: 40, memoryMi: 250 },
  page: { service: { apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: GRAFANA }, port: GRAFANA_PORT, path: '/api/health' },
  artifacts: () => [],
  install,
};
