// devstack compare: one app on several runtimes, the same load on each, side by side.
import { type Problem, problemsError } from '../../config/problem.ts';
import { COLD_START_NOTE, COMPARISON_HEAD, type ComparedFigures, type ComparedRun, comparisonBars, comparisonCells, figuresOf } from '../../load/comparison.ts';
import { comparisonReport } from '../../load/comparison-report.ts';
import type { Json } from '../../model/json.ts';
import { quote } from '../../model/redact.ts';
import { table } from '../../render/table.ts';
import { formatDuration } from '../../render/text.ts';
import { type CommandContext, defineCommand, type Outcome } from '../command.ts';
import { type ComparedLoad, compareApp } from '../comparison.ts';
import { noPath, RUN_KINDS, sourceFlags } from '../deploy-request.ts';
import { loadFlags, writeReport } from '../load-flags.ts';
import { readPairs } from '../pairs.ts';

const DEFAULTS = { rps: 20, durationMs: 20_000, timeoutMs: 10_000, concurrency: 100 } as const;
const NARROW = 80;

/** `knative`, or `knative=dev` with the stack that it shall run in. */
function readPlaces(texts: readonly string[], problems: Problem[]) {
  const places = texts.flatMap((text) => {
    const [word = '', stack] = text.split('=');
    const kind = RUN_KINDS.find((each) => each === word);
    if (kind !== undefined && stack !== '') return [{ kind, stack }];
    problems.push({ place: '--on', message: `${quote(text)} is not one of ${RUN_KINDS.join(', ')}, with or without =STACK`, code: 'flag-invalid' });
    return [];
  });
  if (new Set(places.map(({ kind }) => kind)).size < places.length) problems.push({ place: '--on', message: 'names a runtime twice', code: 'flag-invalid' });
  return places;
}

function comparisonText(runs: readonly ComparedRun[], report: string | undefined, { app, load }: { readonly app: string; readonly load: ComparedLoad }, context: CommandContext): string {
  const { columns, paint } = context;
  const rows = runs.map(figuresOf);
  const [head, ...lines] = table([COMPARISON_HEAD, ...rows.map(comparisonCells)], { columns, indent: 2, paint, styles: ['bold'] });
  return [
    `${paint('bold', app)} under ${load.rps} requests a second for ${formatDuration(load.durationMs)}, on each in turn`, '',
    paint('dim', head ?? ''), ...lines, '', ...comparisonBars(rows, { columns: columns ?? NARROW, paint }), '',
    paint('dim', `  ${COLD_START_NOTE}`), ...(report === undefined ? [] : [`  report  ${report}`]),
  ].map((line) => `${line}\n`).join('');
}

function rowFields({ replicas, ...figures }: ComparedFigures): Json {
  return { ...figures, replicas: replicas === undefined ? null : { ...replicas } };
}

export const compare = defineCommand({
  arguments: [{ name: 'source', summary: 'a template, or a folder with an app', required: true }],
  flags: {
    on: { kind: 'list', placeholder: 'KIND[=STACK],…', default: RUN_KINDS.join(','), summary: 'what it runs as, and in which stack where there are several' },
    rps: { kind: 'integer', min: 1, max: 10_000, placeholder: 'N', default: String(DEFAULTS.rps), summary: 'requests a second' },
    for: { kind: 'duration', placeholder: 'TIME', default: '20s', summary: 'how long, on each' },
    path: loadFlags.path,
    env: sourceFlags.env,
    report: loadFlags.report,
  },
  description: 'Deploys the app in one stack after the other, from one image: measures how long it takes from nothing to the first answer, then the same load, with one pod or task'
    + ' to begin with; and takes it away again. It uses the stacks that there are, and says how to make those that are missing.',
  examples: [
    { command: 'devstack compare httpbin', summary: 'on Knative, Swarm and as a Deployment' },
    { command: 'devstack compare httpbin --on knative=dev,swarm=lab --rps 100 --path /delay/0.1', summary: 'slow answers, in stacks that are named' },
    { command: 'devstack compare quantum --report compare.html', summary: 'with plots to keep' },
  ],
  async run(input, context): Promise<Outcome> {
    const { flags } = input;
    const problems: Problem[] = [];
    const places = readPlaces(flags.on ?? RUN_KINDS, problems);
    const env = readPairs(flags.env, '--env', problems);
    problems.push(...noPath(flags.path, '--path'));
    if (problems.length > 0) throw problemsError(problems);
    const load: ComparedLoad = { ...DEFAULTS, rps: flags.rps ?? DEFAULTS.rps, durationMs: flags.for ?? DEFAULTS.durationMs, path: flags.path };
    const source = input.args[0] ?? '.';
    const { app, image, runs } = await compareApp({ source, env, places, load }, context);
    const title = `${app} on ${runs.map(({ kind }) => kind).join(', ')}`;
    const report = await writeReport(flags.report, context.io.cwd, () => comparisonReport(runs, { title, command: input.line }));
    return {
      text: comparisonText(runs, report, { app, load }, context),
      result: { app, image, load: { rps: load.rps, durationMs: load.durationMs, path: load.path ?? null }, runs: runs.map((run) => rowFields(figuresOf(run))), report: report ?? null },
    };
  },
});
