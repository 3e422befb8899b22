// Workloads of upstream's manifests, and the changes that many addons make to them.
import type { KubeObject, ObjectRef } from '../model/object.ts';
import type { Patch, PathPart } from '../model/plan.ts';

/** One container of a workload, by the names that the manifest gives them. */
export interface Workload {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
}

export function workloadRef({ kind, namespace, name }: Workload): ObjectRef {
  return { apiVersion: 'apps/v1', kind, namespace, name };
}

/** Changes one field of the container. */
export function inContainer(workload: Workload, rest: readonly PathPart[], change: Pick<Patch, 'value' | 'why' | 'mode'>): Patch {
  const { kind, namespace, name, container } = workload;
  return { target: { kind, namespace, name }, path: ['spec', 'template', 'spec', 'containers', { name: container }, ...rest], ...change };
}

/** Asks for readiness at once and each second. */
export function soonReady(workload: Workload): Patch {
  return inContainer(workload, ['readinessProbe'], {
    value: { initialDelaySeconds: 0, periodSeconds: 1 }, why: 'ready is seen within a second; the manifest asks later or more rarely',
  });
}

export function requests(workload: Workload, value: { readonly cpu: string; readonly memory: string }, why = '--fit: requests lowered to fit a small node'): Patch {
  return inContainer(workload, ['resources', 'requests'], { value, why });
}

/** The namespace of a pod that may take minutes to end is looked at again only after half of them, so that removing it takes as long. */
export function endsSoon({ kind, namespace, name }: Workload): Patch {
  return {
    target: { kind, namespace, name }, path: ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'], value: 15,
    why: 'a cluster on one machine has no traffic to drain, and removing the namespace would wait for it',
  };
}

/** Lowered requests make a percentage of them tiny: an autoscaler would then answer idle load with many pods. */
export function keepSingle(namespace: string, name: string): Patch {
  return {
    target: { kind: 'HorizontalPodAutoscaler', namespace, name }, path: ['spec', 'maxReplicas'], value: 1,
    why: '--fit: one replica, for utilization is measured against the lowered requests',
  };
}

type WayIn = { readonly ingressNodePort: number; readonly ingressLoadBalancerPort?: number };

/** The way in from the host port: a node port that is published, or a load balancer where the cluster has one on localhost. */
export function ingressService(
  place: { readonly namespace: string; readonly selector: { readonly [label: string]: string } }, { ingressNodePort: nodePort, ingressLoadBalancerPort }: WayIn,
): KubeObject {
  const type = ingressLoadBalancerPort === undefined ? 'NodePort' : 'LoadBalancer';
  return {
    apiVersion: 'v1', kind: 'Service', metadata: { name: 'devstack-ingress', namespace: place.namespace },
    spec: { type, selector: place.selector, ports: [{ name: 'http2', port: ingressLoadBalancerPort ?? 80, targetPort: 8080, nodePort }] },
  };
}
