// Names by which devstack recognises what is its own, in Docker and in Kubernetes. Never change a value: old stacks carry it.

/** Docker label (containers, networks, volumes): the name of the stack. */
export const DOCKER_STACK_LABEL = 'dev.devstack.stack';
/** Docker label: id of the provider that made the thing. */
export const DOCKER_PROVIDER_LABEL = 'dev.devstack.provider';
/** Docker label: JSON of what the stack was made with (ports, versions). */
export const DOCKER_RECORD_LABEL = 'dev.devstack.record';
/** Docker label of what runs inside a swarm (services, their networks, volumes, secrets): the name of the stack that it is in. */
export const DOCKER_MEMBER_LABEL = 'dev.devstack.member-of';
/** Docker label: what a container is to its stack (`manager`, `worker`, `gateway`). */
export const DOCKER_ROLE_LABEL = 'dev.devstack.role';
/** Docker label of a service: hash of what devstack asked for, to recognise an unchanged one. */
export const DOCKER_APPLIED_LABEL = 'dev.devstack.applied';
/** Docker label of a service: JSON of the request that proves it (`path`, `status`, `body`). */
export const DOCKER_PROBE_LABEL = 'dev.devstack.probe';

/** Kubernetes label on every object that devstack applies; its value is the stack. */
export const STACK_LABEL = 'devstack.dev/stack';
/** Kubernetes label: the part (addon or app) that an object belongs to. */
export const PART_LABEL = 'devstack.dev/part';
/** Kubernetes annotation: hash of what devstack applied, to recognise an unchanged object without reading it whole. */
export const APPLIED_ANNOTATION = 'devstack.dev/applied';
/** Kubernetes annotation that a person sets to `keep`: devstack then never removes the object. */
export const ON_REMOVE_ANNOTATION = 'devstack.dev/on-remove';
/** Kubernetes annotation on what serves an app: JSON of the request that proves it (`path`, `expectStatus`, `expectBody`). */
export const PROBE_ANNOTATION = 'devstack.dev/probe';
/** Field manager of every server-side apply. */
export const FIELD_MANAGER = 'devstack';
/** Where the inventories live (one ConfigMap for each part). */
export const INVENTORY_NAMESPACE = 'devstack-system';

/** Name of the kind cluster, minikube profile or swarm of a stack. Never doubles the prefix. */
export function clusterName(stack: string): string {
  return stack.startsWith('devstack-') ? stack : `devstack-${stack}`;
}
