// What a cluster that devstack did not make can do: asked, never assumed. Reads only.
import type { Json } from '../../model/json.ts';
import { at, type KubeObject, stringAt } from '../../model/object.ts';
import { INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { DockerContainer, KubeClient, Ports } from '../../ports.ts';

/** What devstack does in a cluster, as its API server would be asked for it: group, resource. */
const RIGHTS = [
  ['', 'namespaces'], ['apiextensions.k8s.io', 'customresourcedefinitions'], ['rbac.authorization.k8s.io', 'clusterroles'],
  ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations'], ['apps', 'deployments'],
] as const;
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
/** Addresses of published ports that 127.0.0.1 leads to. */
const ON_LOOPBACK: readonly string[] = ['127.0.0.1', '0.0.0.0', ''];
const MEBI = 2 ** 20;

/** How requests get from 127.0.0.1 to the ingress. */
export interface WayIn {
  /** Port on 127.0.0.1 that leads to the ingress node port; undefined: there is none. */
  readonly port: number | undefined;
  readonly why: string;
}

export interface Survey {
  /** UID of the namespace kube-system: another one is another cluster. */
  readonly uid: string;
  /** Without the `v`. */
  readonly kubernetes: string;
  readonly nodes: readonly KubeObject[];
  readonly capacity: { readonly cpuMilli: number; readonly memoryMi: number };
  readonly defaultStorageClass: string | undefined;
  /** Nodes that are containers of the local engine. */
  readonly containers: readonly DockerContainer[];
}

/** Throws what the client throws: `kube-unreachable`, `kube-unauthorized`, `kube-forbidden`. */
export async function surveyCluster(client: KubeClient, ports: Pick<Ports, 'docker'>, signal: AbortSignal): Promise<Survey> {
  const [version, system, nodes, classes, containers] = await Promise.all([
    client.version(signal), client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }, signal), client.list({ apiVersion: 'v1', kind: 'Node' }, {}, signal),
    client.list({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' }, {}, signal),
    ports.docker.listContainers({}),
  ]);
  return {
    uid: system?.metadata.uid ?? '', kubernetes: version.replace(/^v/, ''), nodes: nodes.items, capacity: capacityOf(nodes.items),
    defaultStorageClass: classes.items.find(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')?.metadata.name,
    containers: containers.filter(({ name }) => nodes.items.some(({ metadata }) => metadata.name === name)),
  };
}

/** What devstack would have to do and may not, in words. */
export async function missingRights(client: KubeClient, signal: AbortSignal): Promise<readonly string[]> {
  const answers = await Promise.all(RIGHTS.map(async ([group, resource]) => {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { verb: 'create', group, resource } } };
    const { status, body } = await client.raw('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', review, signal);
    return status < 300 && at(JSON.parse(body) as Json, 'status', 'allowed') === true ? [] : [`create ${resource}`];
  }));
  return answers.flat();
}

/** Pure. */
export function wayIn({ containers, nodes }: Pick<Survey, 'containers' | 'nodes'>, isLocal: boolean): WayIn {
  const published = containers.flatMap(({ name, ports }) => ports.filter(({ containerPort, hostAddress }) => containerPort === INGRESS_NODE_PORT && ON_LOOPBACK.includes(hostAddress)).map((port) => ({ ...port, name })));
  const [port] = published;
  if (port !== undefined) return { port: port.hostPort, why: `node ${port.name} publishes port ${INGRESS_NODE_PORT} at 127.0.0.1:${port.hostPort}` };
  if (containers.length > 0) return { port: undefined, why: `its nodes are containers, and none of them publishes port ${INGRESS_NODE_PORT}` };
  if (!isLocal || nodes.length === 0) return { port: undefined, why: 'its nodes are not on this machine' };
  return { port: INGRESS_NODE_PORT, why: `node ports of a cluster on this machine answer at 127.0.0.1:${INGRESS_NODE_PORT}` };
}

function capacityOf(nodes: readonly KubeObject[]): Survey['capacity'] {
  const total = (resource: string) => nodes.reduce((sum, node) => sum + quantity(stringAt(node, 'status', 'allocatable', resource)), 0);
  return { cpuMilli: Math.floor(total('cpu') * 1000), memoryMi: Math.floor(total('memory') / MEBI) };
}

const UNITS: { readonly [unit: string]: number } = {
  '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40,
};

/** A Kubernetes quantity as a number; 0 for what is none. */
function quantity(text: string | undefined): number {
  const [, digits = '', unit = ''] = /^([\d.]+)([a-zA-Z]{0,2})$/.exec(text ?? '') ?? [];
  return Number(digits) * (UNITS[unit] ?? 0);
}
