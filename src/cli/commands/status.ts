// devstack status: what exists, what is ready, and every endpoint with the answer to a request made just now.
import { type DevstackError, failedError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import { registryHost } from '../../model/plan.ts';
import { statusText } from '../../render/status.ts';
import { defineCommand } from '../command.ts';
import { endpointFields } from '../endpoint-fields.ts';
import { stackNamed } from '../stack-request.ts';
import type { StackStatus } from '../use-cases.ts';

/** Why a stack is not all right, in one line; undefined when it is. */
function complaint(stack: StackStatus): string | undefined {
  if (stack.state !== 'running') return `${stack.stack} is ${stack.state}${stack.reason === undefined ? '' : `: ${stack.reason}`}`;
  if (stack.registry?.isRunning === false) return `${stack.stack}: its registry does not run`;
  const part = stack.parts.find((candidate) => candidate.state !== 'ready');
  if (part !== undefined) return `${stack.stack}: ${part.part} is ${part.state}${part.message === '' ? '' : `: ${part.message}`}`;
  const endpoint = stack.endpoints.find((candidate) => !candidate.verified);
  return endpoint === undefined ? undefined : `${stack.stack}: ${endpoint.name} did not answer${endpoint.reason === undefined ? '' : `: ${endpoint.reason}`}`;
}

function statusError(stacks: readonly StackStatus[]): DevstackError | undefined {
  const complaints = stacks.map(complaint).filter((text) => text !== undefined);
  const [first] = complaints;
  if (first === undefined) return undefined;
  return failedError({ code: 'stack-not-ready', message: first, hints: stacks.flatMap((stack) => stack.hints), details: { complaints } });
}

function stackFields({ stack, provider, cluster, label, state, reason, context, kubeconfig, kubernetes, registry, parts, endpoints }: StackStatus): Json {
  return {
    stack, provider, cluster, ...(label === undefined ? {} : { label }), state, ...(reason === undefined ? {} : { reason }),
    context: context ?? null, kubeconfig: kubeconfig ?? null, kubernetes: kubernetes ?? null,
    ...(registry === undefined ? {} : { registry: { host: registryHost(registry.port), running: registry.isRunning } }),
    parts: parts.map((part) => ({ ...part })), endpoints: endpoints.map(endpointFields),
  };
}

export const status = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; all of them without it', known: 'stacks' }],
  flags: {},
  description: 'Exit code 0 when everything is ready and every endpoint has answered a request made just now, else 1.',
  examples: [
    { command: 'devstack status', summary: 'all stacks' },
    { command: 'devstack status dev --json', summary: 'one stack, for scripts' },
  ],
  async run(input, context) {
    const name = input.args[0] === undefined ? undefined : await stackNamed({ ...input, flags: {} }, context);
    const useCases = await context.useCases();
    const stacks = await useCases.status(name, { emit: context.emit, signal: context.io.signal });
    const error = statusError(stacks);
    return { text: statusText(stacks, context), result: { stacks: stacks.map(stackFields), endpoints: stacks.flatMap((stack) => stack.endpoints.map(endpointFields)) }, ...(error === undefined ? {} : { error }) };
  },
});
