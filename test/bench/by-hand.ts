// What a person does today to reach a first answer: kind and kubectl, in the order that Knative documents.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ as zx } from 'zx';

const VERSION = 'knative-v1.23.0';

export interface ByHandInput {
  readonly cluster: string;
  readonly port: number;
  readonly nodeImage: string;
  /** `https://github.com`, or where a mirror answers for it. */
  readonly releases: string;
}

function kindConfig({ nodeImage, port }: ByHandInput): string {
  return JSON.stringify({
    kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane', image: nodeImage, extraPortMappings: [{ containerPort: 31080, hostPort: port, listenAddress: '127.0.0.1' }] }],
  });
}

const INGRESS = JSON.stringify({
  apiVersion: 'v1', kind: 'Service', metadata: { name: 'ingress', namespace: 'kourier-system' },
  spec: { type: 'NodePort', selector: { app: '3scale-kourier-gateway' }, ports: [{ port: 80, targetPort: 8080, nodePort: 31080 }] },
});
const HELLO = JSON.stringify({
  apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'hello', namespace: 'default' },
  spec: { template: { spec: { containers: [{ image: 'ghcr.io/knative/helloworld-go:latest', imagePullPolicy: 'IfNotPresent' }] } } },
});

/** Seconds from nothing to the first 200. The cluster is removed before it returns. */
export async function byHand(input: ByHandInput): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'devstack-test-hand-'));
  const run = zx({ quiet: true, env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') } });
  const serving = `${input.releases}/knative/serving/releases/download/${VERSION}`;
  const kourier = `${input.releases}/knative-extensions/net-kourier/releases/download/${VERSION}/kourier.yaml`;
  const podsReady = (namespace: string) => run`kubectl wait pod --timeout=10m --for=condition=Ready -l !job-name -n ${namespace}`;
  const configure = (name: string, data: Record<string, string>) => run`kubectl patch configmap ${name} -n knative-serving --type merge -p ${JSON.stringify({ data })}`;
  await writeFile(join(folder, 'kind.yaml'), kindConfig(input));
  const started = performance.now();
  try {
    await run`kind create cluster --name ${input.cluster} --config ${join(folder, 'kind.yaml')} --wait 120s`;
    await run`kubectl apply -f ${serving}/serving-crds.yaml`;
    await run`kubectl wait --for=condition=Established --all crd --timeout=60s`;
    await run`kubectl apply -f ${serving}/serving-core.yaml`;
    await podsReady('knative-serving');
    await run`kubectl apply -f ${kourier}`;
    await podsReady('kourier-system');
    await podsReady('knative-serving');
    await configure('config-network', { 'ingress-class': 'kourier.ingress.networking.knative.dev' });
    await configure('config-domain', { '127.0.0.1.sslip.io': '' });
    await configure('config-deployment', { 'registries-skipping-tag-resolving': 'ghcr.io' });
    await run({ input: INGRESS })`kubectl apply -f -`;
    await run({ input: HELLO })`kubectl apply -f -`;
    await run`kubectl wait ksvc/hello --for=condition=Ready --timeout=120s`;
    await run`curl -fsS --retry 100 --retry-delay 0 --retry-all-errors -o /dev/null -H ${'Host: hello.default.127.0.0.1.sslip.io'} http://127.0.0.1:${input.port}/`;
    return (performance.now() - started) / 1000;
  } finally {
    await zx({ quiet: true, nothrow: true })`kind delete cluster --name ${input.cluster}`;
    await rm(folder, { recursive: true, force: true });
  }
}
