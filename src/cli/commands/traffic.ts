// devstack traffic: how requests are shared among the versions of a Knative service; set, and measured by requests.
import { failedError, usageError } from '../../model/error.ts';
import type { JsonObject } from '../../model/json.ts';
import { LATEST_TRAFFIC, planRollback, planTraffic, type TrafficWish } from '../../plan/plan-traffic.ts';
import { table } from '../../render/table.ts';
import { appArgument, openApp, targetFlags } from '../app-flags.ts';
import type { MeasuredShare, TrafficState } from '../app-use-cases.ts';
import { type CommandContext, defineCommand } from '../command.ts';

const MEASURE_MS = 5_000;

function readWishes(words: readonly string[]): readonly TrafficWish[] {
  return words.map((word) => {
    const [, version, percent] = /^([\w-]+)=(\d{1,3})%?$/.exec(word) ?? [];
    if (version !== undefined && percent !== undefined) return { version, percent: Number(percent) };
    throw usageError({ code: 'traffic-invalid', message: `${JSON.stringify(word)} is not of the form VERSION=PERCENT`, hints: [{ text: 'for instance', command: 'devstack traffic app v1=90 v2=10' }] });
  });
}

function trafficText(app: string, state: TrafficState, measured: readonly MeasuredShare[] | undefined, { columns, paint }: CommandContext): string {
  const rows = state.revisions.filter(({ percent, url }, index) => percent > 0 || url !== undefined || index >= state.revisions.length - 2).map(({ name, number, percent, isReady, url }) => {
    const share = measured?.find((each) => each.name === name);
    const seen = share === undefined ? '' : `${((share.count * 100) / Math.max(1, share.total)).toFixed(1)} % of ${share.total} requests${share.isPlausible ? '' : ', which is not chance'}`;
    return [`v${number}`, `${percent} %`, seen, isReady ? '' : 'not ready', url ?? ''];
  });
  const how = state.isPinned ? '' : ' (everything goes to the newest)';
  return `${[`${paint('bold', app)}${how}`, ...table(rows, { columns, indent: 2, paint, styles: ['bold', undefined, undefined, 'red', 'cyan'] })].join('\n')}\n`;
}

export const traffic = defineCommand({
  arguments: [appArgument, { name: 'share', summary: 'VERSION=PERCENT: a version is v1, v2 …, latest or previous; shares make 100', variadic: true }],
  flags: {
    ...targetFlags,
    rollback: { kind: 'boolean', summary: 'everything to the version before' },
    latest: { kind: 'boolean', summary: 'everything to whatever is newest, as at the beginning' },
    measure: { kind: 'boolean', negatable: true, default: 'true', summary: 'count by requests which version answers' },
    path: { kind: 'text', placeholder: 'PATH', summary: 'path whose answers tell the versions apart; by default the one that proves the app' },
    for: { kind: 'duration', placeholder: 'TIME', default: '5s', summary: 'how long to measure' },
  },
  description: 'Without a share it shows how things are. Versions that are named get an address of their own. Once it is set, a new deploy gets no requests until it is given some.',
  examples: [
    { command: 'devstack traffic app v1=90 v2=10', summary: 'a canary' },
    { command: 'devstack traffic app --rollback', summary: 'back to the version before' },
    { command: 'devstack traffic app', summary: 'how it is now' },
  ],
  async run(input, context) {
    const { flags } = input;
    const wishes = readWishes(input.args.slice(1));
    if ([wishes.length > 0, flags.rollback === true, flags.latest === true].filter(Boolean).length > 1) {
      throw usageError({ code: 'traffic-invalid', message: 'shares, --rollback and --latest exclude each other' });
    }
    const { ref, useCases, options } = await openApp(input, context);
    const before = await useCases.readTraffic(ref, options);
    const wanted: readonly JsonObject[] | undefined = wishes.length > 0 ? planTraffic(wishes, before.revisions)
      : flags.rollback === true ? planRollback(before.revisions) : flags.latest === true ? LATEST_TRAFFIC : undefined;
    const state = wanted === undefined ? before : await useCases.setTraffic({ ref, traffic: wanted }, options);
    const isMeasured = flags.measure !== false && state.isPinned;
    const measured = isMeasured ? await useCases.measureTraffic({ ref, durationMs: flags.for ?? MEASURE_MS, ...(flags.path === undefined ? {} : { path: flags.path }) }, options) : undefined;
    if (isMeasured && measured === undefined) context.emit({ type: 'note', message: 'the versions answer alike, so requests cannot tell them apart' });
    const wrong = measured?.find((share) => !share.isPlausible);
    return {
      text: trafficText(ref.app, state, measured, context),
      result: {
        app: ref.app, stack: ref.stack, isPinned: state.isPinned, measured: measured?.map((share) => ({ ...share })) ?? null,
        revisions: state.revisions.map(({ url, ...revision }) => ({ ...revision, url: url ?? null })),
      },
      ...(wrong === undefined ? {} : { error: failedError({ code: 'traffic-uneven', message: `v${wrong.number} answered ${wrong.count} of ${wrong.total} requests, and ${wrong.percent} % were asked for` }) }),
    };
  },
});
