// Events: a broker takes them all, and each trigger sends on only what it asks for.
import { randomUUID } from 'node:crypto';
import type { CloudEvent } from '../../model/cloud-event.ts';
import type { AppRef } from '../app-use-cases.ts';
import { check, type Demo, type DemoContext } from './demo.ts';

const ALL = 'demo-events-all';
const GREETINGS = 'demo-events-greetings';
const GREETING = 'dev.devstack.demo.greeting';
const FAREWELL = 'dev.devstack.demo.farewell';
const NUMBER = { greetings: 20, farewells: 10 } as const;
const ARRIVE_WITHIN_MS = 30_000;
const LOG_LINES = 10_000;
const PLACE = { namespace: 'default', broker: 'default' } as const;

interface Seen {
  readonly ids: Set<string>;
  /** Milliseconds from sending to seeing, of each. */
  readonly took: number[];
}

interface Goal {
  readonly wanted: number;
  /** By id, on the clock of the demo. */
  readonly sentAt: ReadonlyMap<string, number>;
  readonly signal: AbortSignal;
}

function eventOf(type: string, index: number): CloudEvent {
  return { specversion: '1.0', id: randomUUID(), type, source: '/devstack/demo', datacontenttype: 'application/json', data: { index } };
}

/** Reads a sink until it has seen `wanted` events, or the signal aborts. */
async function collect({ useCases, options, clock }: DemoContext, sink: AppRef, goal: Goal): Promise<Seen> {
  const seen: Seen = { ids: new Set(), took: [] };
  try {
    for await (const { id } of useCases.watchEvents(sink, { tailLines: LOG_LINES }, { ...options, signal: goal.signal })) {
      const sentAt = goal.sentAt.get(id);
      if (sentAt === undefined || seen.ids.has(id)) continue;
      seen.ids.add(id);
      seen.took.push(clock.monotonic() - sentAt);
      if (seen.ids.size >= goal.wanted) break;
    }
  } catch (thrown) {
    if (!goal.signal.aborted || options.signal.aborted) throw thrown;
  }
  return seen;
}

function middle(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

export const events: Demo = {
  id: 'events',
  title: 'Events through a broker',
  lesson: 'Whoever sends an event knows nobody who gets it: the broker takes it, and triggers with filters send it on.',
  runtimes: ['kubernetes'],
  apps: [ALL, GREETINGS],
  async run(context) {
    const { useCases, options, stack, clock, say } = context;
    const sinkOf = async (name: string, filter: { readonly [attribute: string]: string }) => (
      useCases.deploy(await useCases.planEventSink(stack, { ...PLACE, name, filter }, options), { ...options, overwrite: true })
    );
    const [all, greetings] = [await sinkOf(ALL, {}), await sinkOf(GREETINGS, { type: GREETING })];
    // Farewells first: when all greetings have arrived, a farewell that were let through would have, too.
    const toSend = [...Array.from({ length: NUMBER.farewells }, (_, index) => eventOf(FAREWELL, index)), ...Array.from({ length: NUMBER.greetings }, (_, index) => eventOf(GREETING, index))];
    say(`sending ${NUMBER.farewells} farewells and ${NUMBER.greetings} greetings to the broker`);
    const sentAt = new Map<string, number>();
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(ARRIVE_WITHIN_MS)]);
    const watching = [collect(context, all, { wanted: toSend.length, sentAt, signal }), collect(context, greetings, { wanted: NUMBER.greetings, sentAt, signal })] as const;
    const [everything, chosen] = await Promise.all([...watching, (async () => {
      for (const event of toSend) {
        sentAt.set(event.id, clock.monotonic());
        await useCases.sendEvent({ stack, ...PLACE, event }, options);
      }
    })()]);
    const farewells = new Set(toSend.filter(({ type }) => type === FAREWELL).map(({ id }) => id));
    const strays = [...chosen.ids].filter((id) => farewells.has(id)).length;
    const medianMs = middle(everything.took);
    return {
      checks: [
        check('the broker took every event', sentAt.size === toSend.length, { expected: String(toSend.length), measured: String(sentAt.size) }),
        check('a trigger without a filter sends all on', everything.ids.size === toSend.length, { expected: `${toSend.length} within ${ARRIVE_WITHIN_MS / 1_000} s`, measured: `${everything.ids.size}, after ${medianMs} ms in the middle` }),
        check('a trigger for greetings sends all greetings on', chosen.ids.size - strays === NUMBER.greetings, { expected: String(NUMBER.greetings), measured: String(chosen.ids.size - strays) }),
        check('and nothing else', strays === 0, { expected: '0 farewells', measured: `${strays} ${strays === 1 ? 'farewell' : 'farewells'}` }),
      ],
      numbers: { sent: sentAt.size, seen: everything.ids.size, greetings: chosen.ids.size - strays, strays, medianMs, slowestMs: Math.round(Math.max(0, ...everything.took)) },
    };
  },
};
