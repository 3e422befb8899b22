// Headlamp: the cluster in a browser. No manifest of upstream's carries a version, so the objects are devstack's own.
import type { KubeObject, ObjectRef } from '../../model/object.ts';
import { type Addon, type AddonContext, type AddonInstall, deployment } from '../addon.ts';
import { ownProgram } from '../own-program.ts';

const NAMESPACE = 'devstack-dashboard';
const NAME = 'headlamp';
const PORT = 80;
/** Whom a person signs in as. Headlamp itself runs as somebody without any rights. */
const PERSON: ObjectRef = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: NAMESPACE, name: 'person' };
/** Of upstream's image. */
const USER = { runAsNonRoot: true, runAsUser: 100, runAsGroup: 101 } as const;

function server({ fit }: AddonContext, version: string): readonly KubeObject[] {
  const probe = { httpGet: { path: '/', port: 'http' } };
  return ownProgram({
    namespace: NAMESPACE, name: NAME, image: `ghcr.io/headlamp-k8s/headlamp:v${version}`, ports: { container: 4466, service: PORT },
    pod: { serviceAccountName: NAME },
    container: {
      args: ['-in-cluster', '-plugins-dir=/headlamp/plugins'],
      readinessProbe: { ...probe, periodSeconds: 1 }, livenessProbe: { ...probe, periodSeconds: 20, failureThreshold: 5 },
      resources: { requests: fit ? { cpu: '10m', memory: '64Mi' } : { cpu: '50m', memory: '128Mi' } },
      securityContext: { ...USER, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
    },
  });
}

function objects(context: AddonContext, version: string): readonly KubeObject[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: NAME, namespace: NAMESPACE } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: PERSON.name, namespace: NAMESPACE } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'devstack-dashboard-person' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: PERSON.name, namespace: NAMESPACE }],
    },
    ...server(context, version),
  ];
}

function install(context: AddonContext, version: string): AddonInstall {
  return { sources: [{ objects: objects(context, version) }], patches: [], waitFor: [deployment(NAMESPACE, NAME)] };
}

export const dashboard: Addon = {
  id: 'dashboard',
  aliases: ['headlamp'],
  title: 'Dashboard (Headlamp)',
  summary: 'the cluster in a browser: devstack open dashboard',
  component: 'dashboard',
  version: '0.44.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  footprint: { cpuMilli: 50, memoryMi: 128 },
  fitFootprint: { cpuMilli: 10, memoryMi: 64 },
  page: { service: { apiVersion: 'v1', kind: 'Service', namespace: NAMESPACE, name: NAME }, port: PORT, path: '/', account: PERSON },
  artifacts: () => [],
  install,
};
