// devstack providers: what this machine can run a stack on, what is missing, and which one `up` would take.
import { table } from '../../render/table.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import type { ProviderReport } from '../use-cases.ts';

function text(reports: readonly ProviderReport[], { columns, paint }: CommandContext): string {
  const rows = reports.flatMap(({ id, isUsable, why, hints: [hint], chosen }) => {
    const mark = isUsable ? paint('green', '✔') : paint('yellow', '✖');
    const next = hint?.command === undefined ? [] : [['', '', `${hint.text}: ${hint.command}`]];
    return [[mark, chosen === undefined ? id : paint('bold', id), why], ...next];
  });
  const taken = reports.find(({ chosen }) => chosen !== undefined);
  const last = taken === undefined ? 'Nothing here can make a cluster yet: devstack up says why, and offers a rehearsal' : `devstack up takes ${taken.id}, unless you name another by --provider: ${taken.chosen}`;
  return `${['What this machine can run a stack on', '', ...table(rows, { columns, indent: 1, paint, styles: [undefined, undefined, 'dim'] }), '', last].join('\n')}\n`;
}

export const providers = defineCommand({
  arguments: [],
  flags: {},
  description: 'Looks at the engine, at programs on PATH, at Docker Desktop and at the contexts of your kubeconfig. Nothing is downloaded, changed, or sent to a'
    + ' cluster that is not on this machine.',
  examples: [
    { command: 'devstack providers', summary: 'each provider, whether it can be used, and what it lacks' },
    { command: 'devstack providers --json | tail -1', summary: 'the same for scripts' },
  ],
  async run(_input, context) {
    const useCases = await context.useCases();
    const reports = await useCases.providers({ emit: context.emit, signal: context.io.signal });
    return { text: text(reports, context), result: { providers: reports.map((report) => ({ ...report, hints: report.hints.map((hint) => ({ ...hint })) })) } };
  },
});
