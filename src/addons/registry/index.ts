// A registry of the stack's own. It is a container beside the nodes, which the provider keeps; in the cluster there is only the word of it:
// github.com/kubernetes/enhancements, KEP-1755, which Tilt, Skaffold and ctlptl read.
import { type KubeObject, refOf } from '../../model/object.ts';
import { registryHost } from '../../model/plan.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';

function install({ registryPort }: AddonContext): AddonInstall {
  const text = [`host: "${registryHost(registryPort)}"`, 'help: "https://kind.sigs.k8s.io/docs/user/local-registry/"', ''].join('\n');
  const hosting: KubeObject = {
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'local-registry-hosting', namespace: 'kube-public' }, data: { 'localRegistryHosting.v1': text },
  };
  return { sources: [{ objects: [hosting] }], patches: [], waitFor: [refOf(hosting)] };
}

export const registry: Addon = {
  id: 'registry',
  title: 'Registry',
  summary: 'docker push localhost:5001/…, and the nodes take it from there; a reload by dev moves only the layer that changed',
  component: 'registry',
  version: '3.0.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  // It runs beside the cluster, not in it.
  footprint: { cpuMilli: 0, memoryMi: 0 },
  fitFootprint: { cpuMilli: 0, memoryMi: 0 },
  beside: (version) => `registry:${version}`,
  artifacts: () => [],
  install,
};
