// devstack logs: what all pods (or tasks) of an app say.
import { appArgument, openApp, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { followLogs, writeLogLines } from '../follow-logs.ts';

const TAIL_LINES = 50;

export const logs = defineCommand({
  arguments: [appArgument],
  flags: {
    ...targetFlags,
    follow: { kind: 'boolean', short: 'f', summary: 'go on until Ctrl-C, also with pods and tasks that come later' },
    tail: { kind: 'integer', min: 0, max: 100_000, placeholder: 'LINES', default: String(TAIL_LINES), summary: 'lines of each pod or task to begin with' },
  },
  examples: [
    { command: 'devstack logs app', summary: 'the newest lines of each pod' },
    { command: 'devstack logs app --follow', summary: 'and what comes' },
    { command: 'devstack logs shop_db', summary: 'one service of an app, in a swarm' },
  ],
  async run(input, context) {
    const stack = await targetStack(input, context);
    const all = await context.useCases();
    const choice = { tailLines: input.flags.tail ?? TAIL_LINES, follow: input.flags.follow === true };
    if (await all.isSwarm(stack)) {
      const app = input.args[0] ?? '';
      context.closeRenderer();
      return { result: { app, lines: await writeLogLines(app, all.serviceLogs(app, stack, choice, { emit: context.emit, signal: context.io.signal }), context) } };
    }
    const { ref, useCases, options } = await openApp(input, context);
    context.closeRenderer();
    const lines = await followLogs(ref, { useCases, options, context }, choice);
    return { result: { app: ref.app, stack: ref.stack, lines } };
  },
});
