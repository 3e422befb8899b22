// devstack logs: what all pods of an app say.
import { appArgument, openApp, targetFlags } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { followLogs } from '../follow-logs.ts';

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
    const { ref, useCases, options } = await openApp(input, context);
    context.closeRenderer();
    const lines = await followLogs(ref, { useCases, options, context }, { tailLines: input.flags.tail ?? TAIL_LINES, follow: input.flags.follow === true });
    return { result: { app: ref.app, stack: ref.stack, lines } };
  },
});
