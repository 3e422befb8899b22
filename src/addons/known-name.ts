// Names that people know from books and older posts, and that are no addon here: what became of each, and what to take instead.
import { type DevstackError, type Hint, usageError } from '../model/error.ts';

export interface KnownName {
  readonly id: string;
  readonly title: string;
  /**
   * `archived`: nobody works on it any more. `ended`: it lives, but not with Knative or not much longer. `elsewhere`: it lives and has an
   * installer of its own. `unpinned`: no manifest of it with known bytes is established. `library`: there is nothing to install.
   */
  readonly status: 'archived' | 'ended' | 'elsewhere' | 'unpinned' | 'library';
  /** When the status was last known to hold or took effect: `2021-12`. */
  readonly date: string;
  readonly reason: string;
  readonly instead: readonly Hint[];
}

const FUNCTIONS: Hint = { text: 'functions on Knative: func 1.23, from source to a Knative service', command: 'devstack up knative' };
const KOURIER: Hint = { text: 'the small Envoy ingress', command: 'devstack up knative --ingress kourier' };

export const knownNames: readonly KnownName[] = [
  {
    id: 'gloo', title: 'Gloo', status: 'ended', date: '2026-12-31',
    reason: 'Gloo OSS reaches its end of life on 2026-12-31; its Knative support ended with 1.9, and its installer still fetches Knative 0.10, which no Kubernetes since 1.22 accepts',
    instead: [KOURIER, { text: 'the Gateway API, which Gloo\'s successor kgateway implements too', command: 'devstack up knative --ingress gateway-api' }],
  },
  {
    id: 'kgateway', title: 'kgateway', status: 'unpinned', date: '2026-08',
    reason: 'kgateway 2.4.4 is published as Helm charts only, and is not in the set that net-gateway-api 1.23 was tested with; nobody has been seen running Knative on it',
    instead: [{ text: 'the Gateway API by Istio', command: 'devstack up knative --ingress gateway-api' }],
  },
  {
    id: 'envoy-gateway', title: 'Envoy Gateway', status: 'unpinned', date: '2026-07',
    reason: 'Envoy Gateway 1.6.2 is in the set that net-gateway-api 1.23 was tested with, but is published as a Helm chart only',
    instead: [{ text: 'the Gateway API by Istio', command: 'devstack up knative --ingress gateway-api' }],
  },
  {
    id: 'kubeless', title: 'Kubeless', status: 'archived', date: '2021-12',
    reason: 'archived in 2021-12 after 1.0.8', instead: [FUNCTIONS, { text: 'Fission is alive and near to it: https://fission.io/docs/installation/' }],
  },
  {
    id: 'riff', title: 'riff', status: 'archived', date: '2021-03',
    reason: 'archived, last change 2021-03; it was built on Knative', instead: [FUNCTIONS],
  },
  {
    id: 'funktion', title: 'Funktion', status: 'archived', date: '2017-11',
    reason: 'last change 2017-11; it needs ThirdPartyResources, which Kubernetes removed in 1.8', instead: [{ text: 'sources and triggers of Knative Eventing', command: 'devstack up knative --with eventing' }],
  },
  {
    id: 'openwhisk', title: 'Apache OpenWhisk', status: 'ended', date: '2020',
    reason: 'its Kubernetes chart is of 2020, with images for amd64 only; its maintainers say that it languished', instead: [FUNCTIONS],
  },
  {
    id: 'fn', title: 'Fn', status: 'ended', date: '2025-09',
    reason: 'dormant since 0.3.753 of 2025-09; made for Docker, its Helm chart is older still', instead: [FUNCTIONS],
  },
  {
    id: 'fission', title: 'Fission', status: 'elsewhere', date: '2026-06',
    reason: 'alive (1.27.0), with an installer of its own; devstack has no pinned manifest of it',
    instead: [{ text: 'it installs into a running stack: https://fission.io/docs/installation/', command: 'devstack env' }, FUNCTIONS],
  },
  {
    id: 'openfaas', title: 'OpenFaaS', status: 'elsewhere', date: '2026-07',
    reason: 'alive, with an installer of its own (arkade); the Community Edition is licensed for personal use and a 60-day trial only, not for commercial use',
    instead: [{ text: 'read its licence, then install it into a running stack: https://docs.openfaas.com/deployment/kubernetes/', command: 'devstack env' }, FUNCTIONS],
  },
  {
    id: 'nuclio', title: 'Nuclio', status: 'elsewhere', date: '2026-08',
    reason: 'alive (1.17.6), published as a Helm chart', instead: [{ text: 'it installs into a running stack: https://docs.nuclio.io', command: 'devstack env' }, FUNCTIONS],
  },
  {
    id: 'virtual-kubelet', title: 'Virtual Kubelet', status: 'library', date: '2026-07',
    reason: 'alive (1.13.0), but a library for providers of cloud container services: on a laptop there is nothing to install',
    instead: [{ text: 'more nodes in containers', command: 'devstack up --nodes 3' }, { text: 'simulated nodes: https://kwok.sigs.k8s.io' }],
  },
];

/** Stable: never changes for a status. */
const CODES = {
  archived: 'addon-archived', ended: 'addon-ended', elsewhere: 'addon-elsewhere', unpinned: 'addon-unpinned', library: 'addon-not-installable',
} as const;

const WORDS = {
  archived: 'is archived', ended: 'is not offered any more', elsewhere: 'is not installed by devstack', unpinned: 'cannot be installed yet', library: 'cannot be installed',
} as const;

/** The refusal of a known name; it changes nothing. */
export function refusal(name: KnownName): DevstackError {
  return usageError({
    code: CODES[name.status], message: `${name.title} ${WORDS[name.status]}`, reason: name.reason, hints: name.instead,
    details: { id: name.id, status: name.status, date: name.date },
  });
}
