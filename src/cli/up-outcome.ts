// The card and the result line of a stack that is up: the same for every command that brings one up.
import type { Json } from '../model/json.ts';
import { cardText } from '../render/card.ts';
import type { CommandContext, Outcome } from './command.ts';
import { endpointFields } from './endpoint-fields.ts';
import type { UpResult } from './use-cases.ts';

/** Where the context was written besides the stack's own kubeconfig. */
export type Merged = { readonly path: string; readonly isCurrent: boolean };

export function upOutcome(result: UpResult, merged: Merged | undefined, context: CommandContext): Outcome {
  const { stack, provider, label, durationMs, changed, notes } = result;
  return {
    text: cardText({ ...result, ...(merged === undefined ? {} : { merged }) }, context),
    result: {
      stack, context: result.context ?? null, kubeconfig: result.kubeconfig ?? null, endpoints: result.endpoints.map(endpointFields), durationMs,
      provider, ...(label === undefined ? {} : { label }), changed, notes, kept: result.kept as unknown as Json, ...(merged === undefined ? {} : { merged }),
    },
  };
}
