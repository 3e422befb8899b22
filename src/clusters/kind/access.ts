// How to reach a kind cluster: the kubeconfig in its node, with the address that Docker publishes.
import type { KubernetesAccess } from '../../model/access.ts';
import { failedError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import { at, stringAt } from '../../model/object.ts';
import type { DockerContainer, Ports } from '../../ports.ts';
import type { Target } from '../docker/ownership.ts';
import type { ProviderContext } from '../provider.ts';
import { API_PORT, contextName, controlPlaneName, LOOPBACK } from './cluster-plan.ts';

/** Made by kubeadm before it starts the control plane. */
const ADMIN_CONFIG = '/etc/kubernetes/admin.conf';
/** Between two looks at something that takes seconds to come up. */
const LOOK_AGAIN_MS = 100;

/** Writes the kubeconfig of the stack if it is not right yet. Undefined while the node has none to give. */
export async function readAccess(ports: Ports, { stack, cluster }: Target): Promise<KubernetesAccess | undefined> {
  const [node] = await ports.docker.listContainers({ name: controlPlaneName(cluster) });
  const port = node === undefined ? undefined : apiPortOf(node);
  if (node === undefined || port === undefined) return undefined;
  const admin = await ports.docker.readFile(node.name, ADMIN_CONFIG);
  const kubeconfig = admin === undefined ? undefined : kubeconfigOf(ports, { admin, cluster, port });
  if (kubeconfig === undefined) return undefined;
  const path = ports.kubeconfigs.pathOf(stack);
  if (await ports.files.readText(path) !== kubeconfig) await ports.kubeconfigs.write(stack, kubeconfig);
  return { runtime: 'kubernetes', kubeconfig: path, context: contextName(cluster) };
}

function apiPortOf(node: DockerContainer): number | undefined {
  return node.ports.find((port) => port.containerPort === API_PORT)?.hostPort;
}

/** Undefined when the file in the node is not whole yet: kubeadm does not write it at once. */
function kubeconfigOf(ports: Ports, { admin, cluster, port }: { readonly admin: string; readonly cluster: string; readonly port: number }): string | undefined {
  const config = parse(ports, admin);
  const authority = stringAt(config, 'clusters', 0, 'cluster', 'certificate-authority-data');
  const user = at(config, 'users', 0, 'user');
  if (authority === undefined || user === undefined) return undefined;
  const name = contextName(cluster);
  return ports.yaml.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': name,
    clusters: [{ name, cluster: { 'certificate-authority-data': authority, server: `https://${LOOPBACK}:${port}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user }],
  });
}

function parse(ports: Ports, text: string): Json | undefined {
  try {
    return ports.yaml.parseAll(text, ADMIN_CONFIG)[0];
  } catch {
    return undefined;
  }
}

/**
 * Ends when the API server answers an administrator through the published port; kind itself needs some seconds more.
 * Throws AbortError with the signal.
 */
export async function waitForApi(target: Target, { ports, signal }: ProviderContext): Promise<KubernetesAccess> {
  const access = await waitForAccess(target, ports, signal);
  const client = await ports.kubeConnector.connect(access);
  try {
    while (!(await answers(client, signal))) await ports.clock.sleep(LOOK_AGAIN_MS, signal);
    return access;
  } finally {
    client.close();
  }
}

async function waitForAccess(target: Target, ports: Ports, signal: AbortSignal): Promise<KubernetesAccess> {
  for (;;) {
    signal.throwIfAborted();
    const access = await readAccess(ports, target);
    if (access !== undefined) return access;
    await ports.clock.sleep(LOOK_AGAIN_MS, signal);
  }
}

type Client = Awaited<ReturnType<Ports['kubeConnector']['connect']>>;

/** `/readyz` says that the server is up; kubeadm gives the administrator his rights only after that. */
async function answers(client: Client, signal: AbortSignal): Promise<boolean> {
  for (const path of ['/readyz', '/api/v1/namespaces/kube-system']) {
    try {
      if ((await client.raw('GET', path, undefined, signal)).status !== 200) return false;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }
  return true;
}

/** Access to a cluster that is known to run. Throws `kind-no-access`. */
export async function requireAccess(ports: Ports, target: Target): Promise<KubernetesAccess> {
  const access = await readAccess(ports, target);
  if (access !== undefined) return access;
  throw failedError({
    code: 'kind-no-access', message: `the node of ${target.cluster} has no kubeconfig to give`,
    reason: `${ADMIN_CONFIG} is missing, or port ${API_PORT} is not published`,
    hints: [{ text: 'make the cluster again', command: `devstack down ${target.stack}` }],
  });
}
