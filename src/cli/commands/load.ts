// devstack load: requests by the clock, plotted while they run.
import { loadReport } from '../../load/load-report.ts';
import { assertLoadSpec, type LoadSpec } from '../../load/load-spec.ts';
import { loadCard } from '../../load/load-view.ts';
import type { LoadResult } from '../../load/run-load.ts';
import { failedError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import { appArgument, openApp, targetFlags } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { loadFlags, writeReport } from '../load-flags.ts';
import { createLoadScreen } from '../load-screen.ts';

const DEFAULTS = { rps: 20, concurrency: 100, durationMs: 30_000, timeoutMs: 10_000 } as const;

/** The figures without what happened in each second, for `--json`. */
export function loadFields(result: LoadResult): { readonly [key: string]: Json } {
  const { seconds, spec, ...figures } = result;
  return JSON.parse(JSON.stringify({ ...figures, arrival: spec.arrival, concurrency: spec.concurrency, seconds: seconds.length }));
}

export const load = defineCommand({
  arguments: [appArgument],
  flags: {
    ...targetFlags,
    rps: { kind: 'integer', min: 1, max: 10_000, placeholder: 'N', default: String(DEFAULTS.rps), summary: 'requests a second, whatever the answers do' },
    concurrency: { kind: 'integer', min: 1, max: 1_000, placeholder: 'N', default: String(DEFAULTS.concurrency), summary: 'most requests under way at a time' },
    closed: { kind: 'boolean', summary: 'as many users as --concurrency, each waiting for its answer, instead of a rate' },
    for: { kind: 'duration', placeholder: 'TIME', default: '30s', summary: 'how long' },
    timeout: { kind: 'duration', placeholder: 'TIME', default: '10s', summary: 'give up on a request after this time' },
    ...loadFlags,
  },
  description: 'Sends at a fixed rate and counts latency from the moment a request was due: a server that stalls is charged for every request that it kept waiting.'
    + ' Exit code 0 when every request was answered, with whatever status; Ctrl-C ends it early with what there is.',
  examples: [
    { command: 'devstack load app --rps 50 --for 1m', summary: 'a steady load' },
    { command: 'devstack load app --closed --concurrency 50 --path /?sleep=200', summary: 'fifty users, as fast as they are served' },
    { command: 'devstack load app --report load.html', summary: 'with plots to keep' },
  ],
  async run(input, context) {
    const { flags } = input;
    const spec: Omit<LoadSpec, 'target'> = {
      arrival: flags.closed === true ? { model: 'closed' } : { model: 'open', rps: flags.rps ?? DEFAULTS.rps },
      concurrency: flags.concurrency ?? DEFAULTS.concurrency, durationMs: flags.for ?? DEFAULTS.durationMs, timeoutMs: flags.timeout ?? DEFAULTS.timeoutMs,
    };
    const target = { hostname: '127.0.0.1', port: 1, method: 'GET', path: flags.path ?? '/', headers: {} };
    // Before anything is asked or opened; the real target is checked again.
    assertLoadSpec({ ...spec, target }, false);
    const { ref, useCases, options } = await openApp(input, context);
    context.closeRenderer();
    const screen = createLoadScreen({ ...spec, target }, context);
    const result = await useCases.loadApp({ ref, spec, path: flags.path, onSecond: (second) => screen.show(second) }, options).finally(() => screen.close());
    const report = await writeReport(flags.report, context.io.cwd, () => loadReport(result, { title: `Load of ${ref.app}`, command: input.line }));
    const failed = result.sent - result.answered + result.unsent;
    return {
      text: `${[`${ref.app} in ${ref.stack}`, ...loadCard(result, context.paint), ...(report === undefined ? [] : [`  report       ${report}`])].join('\n')}\n`,
      result: { app: ref.app, stack: ref.stack, load: loadFields(result), report: report ?? null },
      ...(failed === 0 || result.wasStopped ? {} : {
        error: failedError({
          code: 'load-unanswered', message: `${failed} of ${result.sent + result.unsent} requests got no answer`,
          hints: [{ text: 'see what it says', command: `devstack logs ${ref.app}` }],
        }),
      }),
    };
  },
});
