// Stacks as they are now: state, parts, endpoints.
import type { ClusterState, RegistryFacts } from '../model/fact.ts';
import { type Endpoint, registryHost } from '../model/plan.ts';
import type { CardView } from './card.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { count, oneLine } from './text.ts';

export interface StatusPart {
  readonly part: string;
  readonly state: 'ready' | 'pending' | 'failed';
  readonly message: string;
  readonly objects: number;
  readonly replicas?: number;
}

export interface StatusEndpoint extends Endpoint {
  readonly status: number | undefined;
  readonly verified: boolean;
  readonly reason?: string;
  readonly durationMs?: number;
}

export interface StatusStack {
  readonly stack: string;
  readonly provider: string;
  readonly cluster: string;
  /** Where a person might take the stack for something else. */
  readonly label?: string | undefined;
  readonly state: ClusterState;
  readonly kubernetes: string | undefined;
  readonly registry?: RegistryFacts | undefined;
  readonly parts: readonly StatusPart[];
  readonly endpoints: readonly StatusEndpoint[];
}

const MARK = { ready: ['green', '✔'], pending: ['yellow', '…'], failed: ['red', '✖'] } as const;

function mark(state: keyof typeof MARK, paint: Paint): string {
  const [style, sign] = MARK[state];
  return paint(style, sign);
}

function sizeOf({ objects, replicas }: StatusPart): string {
  return replicas === undefined ? count(objects, 'object') : `${count(objects, 'object')}, ${count(replicas, 'replica')}`;
}

function endpointAnswer(endpoint: StatusEndpoint): string {
  const time = endpoint.durationMs === undefined ? '' : ` in ${Math.round(endpoint.durationMs)} ms`;
  if (endpoint.verified) return `${endpoint.status}${time}`;
  return oneLine(endpoint.reason ?? (endpoint.status === undefined ? 'no answer' : `answered ${endpoint.status}`));
}

function registryLines({ registry }: StatusStack, paint: Paint): readonly string[] {
  if (registry === undefined) return [];
  const { port, isRunning } = registry;
  return [`  ${mark(isRunning ? 'ready' : 'failed', paint)}  images  docker push ${registryHost(port)}/…${isRunning ? '' : ', once its registry runs again'}`];
}

function stackLines(stack: StatusStack, { columns, paint }: CardView): readonly string[] {
  const kubernetes = stack.kubernetes === undefined ? '' : `, Kubernetes ${stack.kubernetes}`;
  const parts = table(stack.parts.map((part) => [mark(part.state, paint), part.part, part.message === '' ? sizeOf(part) : oneLine(part.message)]), {
    columns, indent: 2, paint, styles: [undefined, undefined, 'dim'],
  });
  const endpoints = table(stack.endpoints.map((endpoint) => [mark(endpoint.verified ? 'ready' : 'failed', paint), endpoint.name, endpoint.url, endpointAnswer(endpoint)]), {
    columns, indent: 2, paint, styles: [undefined, undefined, 'cyan', 'dim'],
  });
  const state = paint(stack.state === 'running' ? 'green' : 'yellow', stack.state);
  return [`${paint('bold', stack.stack)}: ${state}, ${stack.provider} cluster ${stack.cluster}${kubernetes}`, ...(stack.label === undefined ? [] : [`  ${paint('yellow', stack.label)}`]), ...parts, ...registryLines(stack, paint), ...endpoints];
}

export function statusText(stacks: readonly StatusStack[], view: CardView): string {
  if (stacks.length === 0) return 'No stacks here. Make one: devstack up knative\n';
  return `${stacks.map((stack) => stackLines(stack, view).join('\n')).join('\n\n')}\n`;
}
