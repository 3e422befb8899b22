// devstack logs: what all pods of an app say.
import { appArgument, openApp, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { followLogs } from '../follow-logs.ts';
import { writeServiceLogs } from '../swarm-commands.ts';

const TAIL_LINES = 50;

export const logs = defineCommand({
  arguments: [appArgument],
  flags: {
    ...targetFlags,
    follow: { kind: 'boolean', short: 'f', summary: 'go on until Ctrl-C, also with pods that come later' },
    tail: { kind: 'integer', min: 0, max: 100_000, placeholder: 'LINES', default: String(TAIL_LINES), summary: 'lines of each pod to begin with' },
  },
  examples: [
    { command: 'devstack logs app', summary: 'the newest lines of each pod' },
    { command: 'devstack logs app --follow', summary: 'and what comes' },
  ],
  async run(input, context) {
    const stack = await targetStack(input, context);
    const all = await context.useCases();
    const choice = { tailLines: input.flags.tail ?? TAIL_LINES, follow: input.flags.follow === true };
    if (await all.isSwarm(stack)) return writeServiceLogs({ name: input.args[0] ?? '', stack }, choice, all, context);
    const { ref, useCases, options } = await openApp(input, context);
    context.closeRenderer();
    const lines = await followLogs(ref, { useCases, options, context }, choice);
    return { result: { app: ref.app, stack: ref.stack, lines } };
  },
});
