// Knative Eventing with the in-memory channel and the multi-tenant broker, and one Broker to begin with.
import type { KubeObject } from '../../model/object.ts';
import type { Addon, AddonContext, AddonInstall } from '../addon.ts';
import { pinned } from '../release.ts';
import { endsSoon, keepSingle, requests, soonReady, type Workload, workloadRef } from '../workload.ts';

const NAMESPACE = 'knative-eventing';
const RELEASES = 'https://github.com/knative/eventing/releases/download';
const V1_23 = `${RELEASES}/knative-v1.23.0`;

const PINS = {
  [`${V1_23}/eventing-core.yaml`]: { sha256: '9af6b3e7a7ae7e26de0018806226d044c0e5ff2612c1530ddc3f413e77b0b42b', bytes: 389237 },
  [`${V1_23}/in-memory-channel.yaml`]: { sha256: '5ccc661337215e5b773648223bbf899c74fb316120983bd2c074c90db08c4c4d', bytes: 46200 },
  [`${V1_23}/mt-channel-broker.yaml`]: { sha256: '2cd56ab5cbd40ab5c11c3019a88c78c6b9df9deb44732dfbed15f638818584a3', bytes: 26676 },
};

const deploymentOf = (name: string, container = name): Workload => ({ kind: 'Deployment', namespace: NAMESPACE, name, container });

const CONTROLLER = deploymentOf('eventing-controller');
const BROKER_CONTROLLER = deploymentOf('mt-broker-controller');
/** No pod runs until somebody makes a PingSource, so it is never waited for. */
const PING_ADAPTER = deploymentOf('pingsource-mt-adapter', 'dispatcher');
const WEBHOOK = deploymentOf('eventing-webhook');
const CHANNEL_CONTROLLER = deploymentOf('imc-controller', 'controller');
/** With requests of their own. */
const REQUESTING: readonly Workload[] = [
  CONTROLLER, WEBHOOK, deploymentOf('job-sink'),
  BROKER_CONTROLLER, deploymentOf('mt-broker-filter', 'filter'), deploymentOf('mt-broker-ingress', 'ingress'),
];
const WITHOUT_REQUESTS: readonly Workload[] = [
  CHANNEL_CONTROLLER, deploymentOf('imc-dispatcher', 'dispatcher'),
  { kind: 'StatefulSet', namespace: NAMESPACE, name: 'request-reply', container: 'request-reply' },
];
/** Their manifest waits 20 s before it first asks. */
const SLOW = [CONTROLLER, BROKER_CONTROLLER, PING_ADAPTER];
/** Webhooks: their manifest gives them five minutes to end. */
const LINGERING = [WEBHOOK, CHANNEL_CONTROLLER];

function broker(name: string): KubeObject {
  return { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name, namespace: 'default' } };
}

// eventing-core.yaml repeats the CRDs of eventing-crds.yaml; eventing-tls-networking.yaml is only for cert-manager.
function artifacts(version: string) {
  const address = `${RELEASES}/knative-v${version}`;
  return ['eventing-core', 'in-memory-channel', 'mt-channel-broker'].map((file) => (
    pinned(`knative-${file}-${version}`, `${address}/${file}.yaml`, PINS)
  ));
}

function install(context: AddonContext, version: string): AddonInstall {
  const lowered = [
    ...[...REQUESTING, PING_ADAPTER].map((workload) => requests(workload, { cpu: '20m', memory: '40Mi' })),
    ...['eventing-webhook', 'broker-ingress-hpa', 'broker-filter-hpa'].map((name) => keepSingle(NAMESPACE, name)),
  ];
  return {
    sources: artifacts(version).map((artifact) => ({ artifact })),
    patches: [...SLOW.map(soonReady), ...LINGERING.map(endsSoon),  ...(context.fit ? lowered : [])],
    waitFor: [...REQUESTING, ...WITHOUT_REQUESTS].map(workloadRef),
    admits: broker('devstack-admission-check'),
    defaulted: ['metadata', 'annotations', 'eventing.knative.dev/broker.class'],
    // Made before the webhook is in force it would have no class, and no controller would ever look at it.
    after: [broker('default')],
  };
}

export const knativeEventing: Addon = {
  id: 'knative-eventing',
  aliases: ['eventing'],
  title: 'Knative Eventing',
  summary: 'brokers, triggers and sources for CloudEvents; in memory, so events are lost when it restarts',
  component: 'knative',
  version: '1.23.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  minKubernetes: '1.34.0',
  footprint: { cpuMilli: 625, memoryMi: 514 },
  fitFootprint: { cpuMilli: 120, memoryMi: 240 },
  artifacts,
  install,
};
