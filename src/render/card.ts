// The card at the end of `up`: what answers, how to use it, how to get rid of it.
import type { Endpoint } from '../model/plan.ts';
import type { Paint } from './paint.ts';
import { table } from './table.ts';
import { count, formatDuration } from './text.ts';

export interface CardEndpoint extends Endpoint {
  readonly status: number | undefined;
  readonly verified: boolean;
  readonly durationMs?: number;
}

export interface Card {
  readonly stack: string;
  readonly provider: string;
  /** Where a person might take the stack for something else. */
  readonly label?: string | undefined;
  /** Undefined where no Kubernetes runs. */
  readonly context: string | undefined;
  readonly endpoints: readonly CardEndpoint[];
  readonly durationMs: number;
  readonly changed: number;
  /** Set when the user's own kubeconfig has the context now. */
  readonly merged?: { readonly path: string; readonly isCurrent: boolean };
}

export interface CardView {
  readonly columns: number | undefined;
  readonly paint: Paint;
}

function headline(card: Card, paint: Paint): string {
  const answered = card.endpoints.filter((endpoint) => endpoint.verified).length;
  const facts = [
    ...(answered === 0 ? [] : [`${count(answered, 'endpoint')} verified`]),
    card.changed === 0 ? 'nothing had to change' : `${count(card.changed, 'step')} changed`,
  ];
  return `${paint('green', '✔')} ${paint('bold', card.stack)} is up on ${card.provider} after ${formatDuration(card.durationMs)}: ${facts.join(', ')}`;
}

function answer(endpoint: CardEndpoint): string {
  if (!endpoint.verified) return 'not verified';
  return endpoint.durationMs === undefined ? `${endpoint.status}` : `${endpoint.status} in ${Math.round(endpoint.durationMs)} ms`;
}

/** The command that proves the endpoint by hand, as it must be typed. Never cut: it is there to be copied. */
function curlLines(card: Card, paint: Paint): readonly string[] {
  return card.endpoints.map((endpoint) => `  ${paint('cyan', `$ ${endpoint.curl}`)}`);
}

function nextRows(card: Card): readonly (readonly string[])[] {
  const merged = card.merged;
  const both = [['look', `devstack status ${card.stack}`], ['remove', `devstack down ${card.stack}`]];
  if (card.context === undefined) return [['deploy', `devstack deploy stack.yml --name ${card.stack}`], ['nodes', `devstack node list --name ${card.stack}`], ...both];
  const use = merged === undefined
    ? ['kubectl', `eval "$(devstack env ${card.stack})"`]
    : ['kubectl', merged.isCurrent ? `context ${card.context} is current in ${merged.path}` : `kubectl --context ${card.context} (in ${merged.path})`];
  return [['context', card.context], use, ...both];
}

export function cardText(card: Card, { columns, paint }: CardView): string {
  const endpoints = card.endpoints.map((endpoint) => [endpoint.name, endpoint.url, answer(endpoint)]);
  const lines = [
    headline(card, paint),
    ...(card.label === undefined ? [] : [`  ${paint('yellow', card.label)}`]),
    ...(endpoints.length === 0 ? [] : ['', ...table(endpoints, { columns, indent: 2, paint, styles: ['bold', 'cyan', 'dim'] }), ...curlLines(card, paint)]),
    '',
    ...table(nextRows(card), { indent: 2, paint, styles: ['dim'] }),
  ];
  return `${lines.join('\n')}\n`;
}
