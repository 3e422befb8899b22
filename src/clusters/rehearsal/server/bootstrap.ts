// What a cluster has before anybody did anything: its own namespaces, its own Service, and what stands for the built-in groups.
import type { JsonObject } from '../../../model/json.ts';
import type { Core, Target, WriteOptions } from './core.ts';
import { readObject } from './read-object.ts';
import { create } from './write.ts';

const OPTIONS: WriteOptions = { manager: 'kube-apiserver', dryRun: false, validation: 'Ignore', warnings: [] };

const named = (kind: string, apiVersion: string, name: string, rest: JsonObject = {}): JsonObject => ({ apiVersion, kind, metadata: { name }, ...rest });

function objects(core: Core): readonly { readonly namespace: string; readonly object: JsonObject }[] {
  const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }, { nonResourceURLs: ['*'], verbs: ['*'] }];
  const roles = ['admin', 'edit', 'view'].map((name) => named('ClusterRole', 'rbac.authorization.k8s.io/v1', name));
  const groups = [{ name: '', versions: ['v1'] }, ...core.registry.groups()];
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((name) => ({ namespace: '', object: named('Namespace', 'v1', name) })),
    { namespace: 'default', object: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'kubernetes', labels: { component: 'apiserver', provider: 'kubernetes' } }, spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, targetPort: 6443 }] } } },
    ...[...roles, named('ClusterRole', 'rbac.authorization.k8s.io/v1', 'cluster-admin', { rules: everything }),
      named('PriorityClass', 'scheduling.k8s.io/v1', 'system-cluster-critical', { value: 2_000_000_000 }), named('PriorityClass', 'scheduling.k8s.io/v1', 'system-node-critical', { value: 2_000_001_000 }),
    ].map((object) => ({ namespace: '', object })),
    ...groups.flatMap(({ name, versions }) => versions.map((version) => ({ namespace: '', object: apiService(name, version) }))),
  ];
}

function apiService(group: string, version: string): JsonObject {
  return {
    apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: `${version}.${group}`, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group, version, groupPriorityMinimum: 1000, versionPriority: 100 },
  };
}

/** Fills a new store. */
export async function bootstrap(core: Core): Promise<void> {
  for (const { namespace, object } of objects(core)) {
    const [group, version] = String(object['apiVersion']).includes('/') ? String(object['apiVersion']).split('/') : ['', String(object['apiVersion'])];
    const resource = core.registry.findKind(group ?? '', String(object['kind']), version);
    if (resource === undefined) continue;
    const target: Target = { resource, namespace, name: '', subresource: '' };
    await create(core, target, readObject(resource, object, OPTIONS), OPTIONS);
  }
}
