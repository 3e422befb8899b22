// devstack demo: shows a thing, checks it, and prints pass or fail with the numbers.
import { suggest } from '../../config/suggest.ts';
import { failedError, isAbortError, usageError } from '../../model/error.ts';
import { table } from '../../render/table.ts';
import { count, formatDuration } from '../../render/text.ts';
import { targetFlags, targetStack } from '../app-flags.ts';
import type { DeployRequest } from '../app-use-cases.ts';
import { type CommandContext, defineCommand, type Outcome } from '../command.ts';
import type { Demo, DemoContext, DemoResult } from '../demos/demo.ts';
import { demos } from '../demos/index.ts';
import type { Runtime } from '../operations/status.ts';
import type { RunOptions, UseCases } from '../use-cases.ts';

const CLEAN_UP_MS = 60_000;
const START_MS = 60_000;

interface Stage {
  readonly demo: Demo;
  readonly stack: string;
  readonly runtime: Runtime;
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly context: CommandContext;
  /** What is to be put right again at the end. */
  readonly restoring: ((options: RunOptions) => Promise<unknown>)[];
}

const RUNTIME_WORDS: { readonly [R in Runtime]: string } = { kubernetes: 'Kubernetes', swarm: 'Swarm' };

function listing({ columns, paint }: CommandContext): Outcome {
  return {
    text: `${table(demos.map(({ id, runtimes, lesson }) => [id, runtimes.map((runtime) => RUNTIME_WORDS[runtime]).join(', '), lesson]), { columns, paint, styles: ['bold', 'dim'] }).join('\n')}\n`,
    result: { demos: demos.map(({ id, title, lesson, runtimes }) => ({ id, title, lesson, runtimes: [...runtimes] })) },
  };
}

function demoContext({ stack, runtime, useCases, options, context, restoring }: Stage): DemoContext {
  return {
    useCases, options, stack, runtime, clock: context.io.clock,
    atEnd: (work) => void restoring.push(work),
    async deploy(wish) {
      const request: DeployRequest = { source: '.', cwd: context.io.cwd, stack, kind: undefined, namespace: 'default', env: {}, annotations: {}, buildArgs: {}, port: undefined, probePath: '/', startMs: START_MS, ...wish };
      if (runtime === 'swarm') {
        const { name } = await useCases.deploySwarmApp(request, { ...options, isPublic: false });
        return { app: name, kind: 'swarm', stack, namespace: name };
      }
      const planned = await useCases.planDeploy(request, options);
      return useCases.deploy(planned, { ...options, overwrite: true });
    },
    say: (message) => options.emit({ type: 'note', message }),
    show({ second, answered, p50, p95, replicas }) {
      if ((second + 1) % 5 !== 0) return;
      const size = replicas === undefined ? '' : `, ${count(replicas, runtime === 'swarm' ? 'task' : 'pod')}`;
      options.emit({ type: 'note', message: `${second + 1} s: ${answered}/s, p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms${size}` });
    },
  };
}

/** Removes what the demo made, also after it was stopped: under its own deadline, not under the signal that stopped it. */
async function cleanUp({ demo, stack, runtime, useCases, options, restoring }: Stage, keep: boolean): Promise<void> {
  const own: RunOptions = { emit: () => undefined, signal: AbortSignal.timeout(CLEAN_UP_MS) };
  for (const restore of restoring) {
    await restore(own).catch((thrown: unknown) => {
      options.emit({ type: 'warning', message: `not put right again: ${thrown instanceof Error ? thrown.message : String(thrown)}`, hints: [{ text: 'see the nodes', command: `devstack node list --name ${stack}` }] });
    });
  }
  if (keep) return;
  for (const ref of (await useCases.apps(stack, own)).filter(({ app }) => demo.apps.includes(app))) {
    const removing = runtime === 'swarm' ? useCases.removeDeployment(ref.app, stack, own) : useCases.removeApp(useCases.planRemoveApp(ref), own);
    await removing.catch((thrown: unknown) => {
      if (isAbortError(thrown)) options.emit({ type: 'warning', message: `${ref.app} could not be removed in time`, hints: [{ text: 'remove it', command: `devstack delete ${ref.app}` }] });
      else throw thrown;
    });
  }
}

function resultText(demo: Demo, { checks }: DemoResult, durationMs: number, { columns, paint }: CommandContext): string {
  const passed = checks.every(({ ok }) => ok);
  const rows = checks.map(({ what, expected, measured, ok }) => [ok ? paint('green', '✔') : paint('red', '✖'), what, measured, `expected ${expected}`]);
  return [
    `${passed ? paint('green', 'passed') : paint('red', 'failed')}: ${paint('bold', demo.title)} after ${formatDuration(durationMs)}`, `  ${demo.lesson}`, '',
    ...table(rows, { columns, indent: 2, paint, styles: [undefined, undefined, 'bold', 'dim'] }),
  ].map((line) => `${line}\n`).join('');
}

async function runDemo(stage: Stage, keep: boolean): Promise<Outcome> {
  const { demo, context } = stage;
  const started = context.io.clock.monotonic();
  const result = await demo.run(demoContext(stage)).finally(() => cleanUp(stage, keep));
  const durationMs = Math.round(context.io.clock.monotonic() - started);
  const missed = result.checks.find(({ ok }) => !ok);
  return {
    text: resultText(demo, result, durationMs, context),
    result: { demo: demo.id, stack: stage.stack, passed: missed === undefined, checks: result.checks.map((each) => ({ ...each })), numbers: result.numbers, durationMs },
    ...(missed === undefined ? {} : {
      error: failedError({
        code: 'demo-failed', message: `${demo.id}: ${missed.what}: ${missed.measured}, expected ${missed.expected}`,
        hints: [{ text: 'keep it and look at it', command: `devstack demo ${demo.id} --keep` }],
      }),
    }),
  };
}

/** The stack that was named, or the only one where the demonstration can be shown. Throws `demo-unfit`. */
async function findStage(demo: Demo, named: string | undefined, useCases: UseCases) {
  const [first, ...others] = demo.runtimes;
  const found = await useCases.findStack(named, others.length === 0 ? first : undefined);
  if (demo.runtimes.includes(found.runtime)) return found;
  const fitting = demos.filter(({ runtimes }) => runtimes.includes(found.runtime)).map(({ id }) => id);
  throw usageError({
    code: 'demo-unfit', message: `${demo.id} is shown on ${demo.runtimes.map((runtime) => RUNTIME_WORDS[runtime]).join(' or ')}; ${found.stack} is ${RUNTIME_WORDS[found.runtime]}`,
    reason: `these fit there: ${fitting.join(', ')}`, hints: [{ text: 'show one of them', command: `devstack demo ${fitting[0] ?? ''} --name ${found.stack}` }],
  });
}

export const demo = defineCommand({
  arguments: [{ name: 'demo', summary: 'which one; a list of them when it is left out', known: () => demos.map(({ id }) => id) }],
  flags: { ...targetFlags, keep: { kind: 'boolean', summary: 'leave what it made, to look at it' } },
  description: 'Deploys a small program of its own, does what is to be seen, measures it and takes everything away again. Exit code 0 when it happened as it should.',
  examples: [
    { command: 'devstack demo', summary: 'what there is' },
    { command: 'devstack demo canary', summary: 'two versions share the requests' },
    { command: 'devstack demo drain', summary: 'a node of a swarm goes, and nobody notices' },
    { command: 'devstack demo scale-to-zero --json', summary: 'the numbers, for scripts' },
  ],
  async run(input, context) {
    const id = input.args[0];
    if (id === undefined) return listing(context);
    const found = demos.find((each) => each.id === id);
    if (found === undefined) {
      const meant = suggest(id, demos.map((each) => each.id));
      throw usageError({
        code: 'demo-unknown', message: `there is no demo ${JSON.stringify(id)}`, reason: `there are ${demos.map((each) => each.id).join(', ')}`,
        ...(meant === undefined ? {} : { hints: [{ text: `did you mean ${meant}?`, command: `devstack demo ${meant}` }] }),
      });
    }
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    const { label, ...stage } = await findStage(found, stack, useCases);
    context.label(label);
    return runDemo({ demo: found, ...stage, restoring: [], useCases, options: { emit: context.emit, signal: context.io.signal }, context }, input.flags.keep === true);
  },
});
