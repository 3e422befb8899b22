// Events through a broker: who takes one, and a sink that shows what arrives. Pure.
import type { CloudEvent } from '../model/cloud-event.ts';
import { isJsonObject } from '../model/json.ts';
import { arrayAt, at, type KubeObject, refOf, stringAt } from '../model/object.ts';
import type { ClusterPlan, Plan, Step } from '../model/plan.ts';
import { appPart } from './plan-deploy.ts';

/** Knative's own program that writes each event to its log; published under `latest` only. */
export const SINK_IMAGE = 'gcr.io/knative-releases/knative.dev/eventing/cmd/event_display:latest';
const PORT = 8080;
/** Milliseconds. */
const TIMEOUT = { images: 300_000, apply: 60_000, wait: 180_000 } as const;

export interface EventSink {
  readonly name: string;
  readonly namespace: string;
  readonly broker: string;
  /** Only events whose attributes are these. */
  readonly filter: { readonly [attribute: string]: string };
}

export interface SinkFacts {
  readonly stack: string;
  readonly cluster: ClusterPlan;
  readonly canLoadImages: boolean;
}

/** A program that shows events, and the trigger that sends them there. */
export function planEventSink(sink: EventSink, { stack, cluster, canLoadImages }: SinkFacts): Plan {
  const { name } = sink;
  const objects = sinkObjects(sink);
  const loading: readonly Step[] = canLoadImages
    ? [{ kind: 'images', id: 'images', title: 'Put it into the nodes', lane: name, needs: [], cluster, images: [SINK_IMAGE], timeoutMs: TIMEOUT.images, why: 'nodes that have it are left alone' }] : [];
  return {
    schema: 1, stack, notes: [], endpoints: [],
    steps: [
      ...loading,
      { kind: 'apply', id: 'apply', title: `Apply ${name}`, lane: name, needs: loading.map(({ id }) => id), part: appPart(name), sources: [{ objects }], patches: [], imageRules: [], timeoutMs: TIMEOUT.apply },
      { kind: 'wait', id: 'wait', title: `Wait for ${name}`, lane: name, needs: ['apply'], refs: objects.map(refOf), timeoutMs: TIMEOUT.wait },
    ],
  };
}

function sinkObjects({ name, namespace, broker, filter }: EventSink): readonly KubeObject[] {
  const labels = { app: name };
  const container = {
    name: 'app', image: SINK_IMAGE, imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: PORT }], readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 1 },
  };
  return [
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels },
      // It holds nothing that would need time to end.
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [container] } } },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector: labels, ports: [{ port: 80, targetPort: PORT }] } },
    {
      apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', metadata: { name, namespace },
      spec: { broker, ...(Object.keys(filter).length === 0 ? {} : { filter: { attributes: filter } }), subscriber: { ref: { apiVersion: 'v1', kind: 'Service', name } } },
    },
  ];
}

/** The triggers of a broker that send the event on. Those with the newer `filters` count as if they did. */
export function takersOf(event: CloudEvent, broker: string, triggers: readonly KubeObject[]): readonly KubeObject[] {
  return triggers.filter((trigger) => stringAt(trigger, 'spec', 'broker') === broker && passes(trigger, event));
}

function passes(trigger: KubeObject, event: CloudEvent): boolean {
  if (arrayAt(trigger, 'spec', 'filters').length > 0) return true;
  const attributes = at(trigger, 'spec', 'filter', 'attributes');
  return !isJsonObject(attributes) || Object.entries(attributes).every(([name, value]) => value === '' || event[name] === value);
}

/** A Service of the cluster and a path, out of an address such as `http://broker-ingress.knative-eventing.svc.cluster.local/default/default`. */
export function serviceAddress(url: string): { readonly service: { readonly name: string; readonly namespace: string; readonly port: number }; readonly path: string } | undefined {
  const { hostname, port, pathname, protocol } = URL.canParse(url) ? new URL(url) : { hostname: '', port: '', pathname: '', protocol: '' };
  const [name = '', namespace = '', svc] = hostname.split('.');
  return protocol === 'http:' && svc === 'svc' ? { service: { name, namespace, port: port === '' ? 80 : Number(port) }, path: pathname } : undefined;
}
