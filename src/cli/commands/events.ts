// devstack events: CloudEvents into a broker, and out of it again before one's eyes.
import { randomUUID } from 'node:crypto';
import { suggest } from '../../config/suggest.ts';
import type { CloudEvent } from '../../model/cloud-event.ts';
import { isAbortError, usageError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import { quote, redact, secretsOf } from '../../model/redact.ts';
import { count } from '../../render/text.ts';
import { tallied, targetFlags, targetStack } from '../app-flags.ts';
import type { DeployResult } from '../app-use-cases.ts';
import { type CommandContext, type CommandInput, defineCommand, type Outcome } from '../command.ts';
import type { UseCases } from '../use-cases.ts';

const ACTIONS = ['send', 'watch'] as const;
const SINK = 'event-watch';
const TYPE = 'com.example.greeting';
const CLEAN_UP_MS = 60_000;
/** What a sink that was just made may have got before one looks at its log. */
const FIRST_LINES = 1_000;

const flags = {
  ...targetFlags,
  type: { kind: 'text', placeholder: 'TYPE', summary: `send: what happened, by default ${TYPE}; watch: only this type` },
  source: { kind: 'text', placeholder: 'SOURCE', summary: 'send: where it happened, by default /devstack; watch: only from there' },
  data: { kind: 'text', placeholder: 'JSON', default: '{}', summary: 'send: what there is to say of it; a text that is no JSON is sent as a text' },
  broker: { kind: 'text', placeholder: 'BROKER', default: 'default', summary: 'which broker' },
  namespace: { kind: 'text', placeholder: 'NAMESPACE', default: 'default', summary: 'where the broker is' },
  count: { kind: 'integer', min: 1, max: 1_000_000, placeholder: 'N', summary: 'send so many; watch ends after so many' },
} as const;
type Input = CommandInput<typeof flags>;

interface Place {
  readonly stack: string | undefined;
  readonly namespace: string;
  readonly broker: string;
}

function actionOf(word: string | undefined): (typeof ACTIONS)[number] {
  const action = ACTIONS.find((known) => known === word);
  if (action !== undefined) return action;
  const meant = suggest(word ?? '', ACTIONS);
  throw usageError({
    code: word === undefined ? 'argument-missing' : 'command-line-invalid',
    message: word === undefined ? 'events: send or watch?' : `events ${word}: there is ${ACTIONS.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    hints: [{ text: 'see how it is used', command: 'devstack help events' }],
  });
}

function parseData(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Throws `flag-invalid` for an attribute that CloudEvents does not allow. */
function eventsOf({ flags: { type = TYPE, source = '/devstack', data = '{}', count: times = 1 } }: Input): readonly CloudEvent[] {
  if (type.trim() === '') throw usageError({ code: 'flag-invalid', message: '--type: an event has a type, such as com.example.greeting' });
  if (!URL.canParse(source, 'http://localhost') || source === '') throw usageError({ code: 'flag-invalid', message: `--source: ${quote(source)} is no URI, such as /devstack` });
  return Array.from({ length: times }, () => ({ specversion: '1.0', id: randomUUID(), type, source, datacontenttype: 'application/json', data: parseData(data) }));
}

async function send(input: Input, place: Place, context: CommandContext): Promise<Outcome> {
  const events = eventsOf(input);
  const useCases = await context.useCases();
  const { stack, namespace, broker } = place;
  const sent = [];
  for (const event of events) sent.push(await useCases.sendEvent({ stack, namespace, broker, event }, { emit: context.emit, signal: context.io.signal }));
  const [{ triggers = [], stack: found = '', durationMs = 0 } = {}] = sent;
  const [{ type = '', id = '' } = {}] = events;
  const { paint } = context;
  const taken = triggers.length === 0
    ? `  ${paint('yellow', 'no trigger')} of the broker wants it: nobody gets it\n  watch  devstack events watch\n`
    : `  sent on by ${triggers.join(', ')}\n`;
  const what = events.length === 1 ? `${paint('bold', type)} (${id})` : `${count(events.length, 'event')} of type ${paint('bold', type)}`;
  return {
    text: `${paint('green', '✔')} the broker ${broker} of ${found} took ${what} in ${sent.length === 1 ? `${durationMs} ms` : `${sent.reduce((sum, each) => sum + each.durationMs, 0)} ms`}\n${taken}`,
    result: { stack: found, broker, sent: sent.length, type, ids: events.map((event) => event.id), triggers: [...triggers], durationMs },
  };
}

function eventText({ type, source, data }: CloudEvent, { paint }: CommandContext): string {
  return `${paint('bold', type)}  ${paint('dim', source)}  ${typeof data === 'string' ? data : JSON.stringify(data ?? null)}\n`;
}

/** Until Ctrl-C, or `most` events. Returns how many there were. */
async function follow(sink: DeployResult, most: number, { useCases, context }: { readonly useCases: UseCases; readonly context: CommandContext }): Promise<number> {
  const { io, isJson } = context;
  let seen = 0;
  try {
    // A sink that was there already tells only what comes: its log begins with somebody else's events.
    for await (const arrived of useCases.watchEvents(sink, { tailLines: sink.changed === 0 ? 0 : FIRST_LINES }, { emit: context.emit, signal: io.signal })) {
      // What others wrote into an event could do anything to the terminal.
      const event = redact(arrived, secretsOf(io.env));
      io.stdout.write(isJson ? `${JSON.stringify({ v: 1, type: 'event', event })}\n` : eventText(event, context));
      seen += 1;
      if (seen >= most) break;
    }
  } catch (thrown) {
    if (!isAbortError(thrown) && !io.signal.aborted) throw thrown;
  }
  return seen;
}

async function watch(input: Input, { stack, namespace, broker }: Place, context: CommandContext): Promise<Outcome> {
  const useCases = await context.useCases();
  const { type, source, count: most = Number.POSITIVE_INFINITY } = input.flags;
  const filter = { ...(type === undefined ? {} : { type }), ...(source === undefined ? {} : { source }) };
  const sink = await tallied(input.line, context, async (options) => (
    useCases.deploy(await useCases.planEventSink(stack, { name: SINK, namespace, broker, filter }, options), { ...options, overwrite: true })
  ));
  context.closeRenderer();
  context.io.stderr.write(`watching ${type ?? 'all events'} at the broker ${broker} of ${sink.stack}; Ctrl-C ends it\n`);
  // Under its own deadline, not under the signal that ended the watch.
  const seen = await follow(sink, most, { useCases, context }).finally(() => useCases.removeApp(useCases.planRemoveApp(sink), { emit: () => undefined, signal: AbortSignal.timeout(CLEAN_UP_MS) }));
  return { text: '', result: { stack: sink.stack, broker, seen } };
}

export const events = defineCommand({
  arguments: [{ name: 'action', summary: ACTIONS.join(', '), known: () => ACTIONS }],
  flags,
  description: 'send hands a CloudEvent to a broker, by way of the API server: the broker needs no address outside of the cluster. It says which triggers send it on. watch makes a'
    + ' small sink with a trigger of its own, shows what arrives there, and takes both away when it ends. Both need the addon eventing.',
  examples: [
    { command: `devstack events send --type ${TYPE} --data '{"text":"hi"}'`, summary: 'one event' },
    { command: 'devstack events watch', summary: 'all that the broker gets, until Ctrl-C' },
    { command: `devstack events watch --type ${TYPE} --count 1 --json`, summary: 'wait for one, for scripts' },
  ],
  async run(input, context) {
    const action = actionOf(input.args[0]);
    const place = { stack: await targetStack(input, context), namespace: input.flags.namespace ?? 'default', broker: input.flags.broker ?? 'default' };
    return action === 'send' ? send(input, place, context) : watch(input, place, context);
  },
});
