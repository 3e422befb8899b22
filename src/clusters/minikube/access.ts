// How to reach a minikube cluster: the kubeconfig in its node, with the address that Docker publishes.
import type { KubernetesAccess } from '../../model/access.ts';
import { failedError } from '../../model/error.ts';
import { at, stringAt } from '../../model/object.ts';
import type { Ports } from '../../ports.ts';
import type { Target } from '../docker/ownership.ts';
import { API_PORT, contextName, LOOPBACK } from './cluster-plan.ts';

const ADMIN_CONFIG = '/etc/kubernetes/admin.conf';

/** Writes the kubeconfig of the stack if it is not right yet. Throws `minikube-no-access`. */
export async function readAccess(ports: Ports, { stack, cluster }: Target): Promise<KubernetesAccess> {
  const [node] = await ports.docker.listContainers({ name: cluster });
  const port = node?.ports.find((published) => published.containerPort === API_PORT)?.hostPort;
  const text = node === undefined ? undefined : await ports.docker.readFile(node.name, ADMIN_CONFIG);
  const config = text === undefined ? undefined : ports.yaml.parseAll(text, ADMIN_CONFIG)[0];
  const [authority, user] = [stringAt(config, 'clusters', 0, 'cluster', 'certificate-authority-data'), at(config, 'users', 0, 'user')];
  if (port === undefined || authority === undefined || user === undefined) {
    throw failedError({
      code: 'minikube-no-access', message: `the node of ${cluster} runs, but says no way to reach its API server`,
      hints: [{ text: 'make it again', command: `devstack down ${stack}` }],
    });
  }
  const name = contextName(cluster);
  const kubeconfig = ports.yaml.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': name,
    clusters: [{ name, cluster: { 'certificate-authority-data': authority, server: `https://${LOOPBACK}:${port}` } }],
    contexts: [{ name, context: { cluster: name, user: name } }], users: [{ name, user }],
  });
  const path = await ports.kubeconfigs.write(stack, kubeconfig);
  return { runtime: 'kubernetes', kubeconfig: path, context: name };
}
