// devstack history: what ran when, how long, and how it ended.
import { usageError } from '../../model/error.ts';
import { EXIT } from '../../model/exit.ts';
import type { Json } from '../../model/json.ts';
import { table } from '../../render/table.ts';
import { formatDuration } from '../../render/text.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import type { PastRun } from '../use-cases.ts';

const DEFAULT_RUNS = 10;
const SLOWEST = 4;

/** `2026-11-21 15:04:05`, in the time of this machine. */
function timeText(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function endText({ exit, steps }: PastRun): string {
  const failed = steps.find(({ state }) => state === 'failed')?.step;
  if (exit === EXIT.ok) return 'ok';
  if (exit === EXIT.interrupted) return 'stopped';
  if (exit !== undefined) return `failed with exit code ${exit}${failed === undefined ? '' : `, at ${failed}`}`;
  const open = steps.filter(({ state }) => state === 'unfinished').map(({ step }) => step);
  return `no end: it still runs or was killed${open.length === 0 ? '' : `, at ${open.join(', ')}`}`;
}

/** Where the time went. */
function slowest({ steps }: PastRun): string {
  const timed = steps.filter(({ durationMs }) => durationMs !== undefined).sort((a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0));
  return timed.slice(0, SLOWEST).map(({ step, durationMs }) => `${step} ${formatDuration(durationMs ?? 0)}`).join(' · ');
}

function historyText(runs: readonly PastRun[], stack: string | undefined, { columns, paint }: CommandContext): string {
  if (runs.length === 0) return stack === undefined ? 'Nothing has run here yet: devstack up makes the first stack\n' : `No run of stack ${stack} is known here\n`;
  const rows = runs.map((run) => [timeText(run.startedMs), run.stack, run.command, run.durationMs === undefined ? '–' : formatDuration(run.durationMs), endText(run), slowest(run)]);
  const head = ['WHEN', 'STACK', 'COMMAND', 'TOOK', 'END', 'SLOWEST STEPS'];
  return table([head, ...rows], { columns, paint, styles: ['dim', 'bold', undefined, undefined, undefined, 'dim'] }).map((line) => `${line}\n`).join('');
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_RUNS;
  const limit = Number(text);
  if (/^\d{1,6}$/.test(text) && limit >= 1) return limit;
  throw usageError({
    code: 'command-line-invalid', message: `${JSON.stringify(text)} is not a number of runs`, hints: [{ text: 'the last twenty', command: 'devstack history 20' }],
  });
}

export const history = defineCommand({
  arguments: [{ name: 'count', summary: `how many runs, the newest first; ${DEFAULT_RUNS} when absent` }],
  flags: { name: { kind: 'text', short: 'n', placeholder: 'NAME', summary: 'only runs of this stack' } },
  description: 'Reads the journals of the stacks that exist here: which command ran when, how long each step took that changed something, and how it ended.'
    + ' A run without an end was killed; the next devstack up goes on from there. With the stack goes its history.',
  examples: [
    { command: 'devstack history', summary: 'the last ten runs' },
    { command: 'devstack history 1 --json | tail -1', summary: 'every step of the last run' },
    { command: 'devstack history --name lab', summary: 'of one stack' },
  ],
  async run(input, context) {
    const limit = limitOf(input.args[0]);
    const useCases = await context.useCases();
    const runs = await useCases.history({ stack: input.flags.name, limit });
    return { text: historyText(runs, input.flags.name, context), result: { runs: runs as unknown as Json } };
  },
});
