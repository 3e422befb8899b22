// devstack update: changes a service of a swarm, task by task.
import { type Problem, problemsError } from '../../config/problem.ts';
import { usageError } from '../../model/error.ts';
import type { ServiceChange } from '../../swarm/service.ts';
import { tallied, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { readPairs } from '../pairs.ts';
import { serviceFields, serviceText } from '../service-text.ts';

const NANOSECONDS = 1e6;

const flags = {
  ...targetFlags,
  image: { kind: 'text', placeholder: 'REF', summary: 'another image' },
  env: { kind: 'list', hasCommas: true, short: 'e', placeholder: 'KEY=VALUE', summary: 'variable that is added, or takes the place of what it was' },
  force: { kind: 'boolean', summary: 'replace the tasks though nothing else changes' },
  parallelism: { kind: 'integer', min: 0, max: 1000, placeholder: 'N', summary: 'how many tasks at a time; 0 for all at once' },
  delay: { kind: 'duration', placeholder: 'TIME', summary: 'wait so long between two of them' },
  monitor: { kind: 'duration', placeholder: 'TIME', summary: 'how long Swarm watches a new task before it counts as good' },
  'on-failure': { kind: 'text', choices: ['pause', 'continue', 'rollback'], placeholder: 'WHAT', summary: 'what Swarm does when a new task fails' },
  order: { kind: 'text', choices: ['stop-first', 'start-first'], placeholder: 'WHICH', summary: 'which task of a place comes first, the old or the new' },
} as const;

const oneOf = <const W extends string>(words: readonly W[], text: string | undefined): W | undefined => words.find((word) => word === text);

function readChange(values: { readonly [K in keyof typeof flags]?: unknown } & {
  readonly image?: string; readonly env?: readonly string[]; readonly force?: boolean; readonly parallelism?: number; readonly delay?: number; readonly monitor?: number;
  readonly 'on-failure'?: string; readonly order?: string;
}): ServiceChange {
  const problems: Problem[] = [];
  const env = values.env === undefined ? undefined : readPairs(values.env, '--env', problems);
  if (problems.length > 0) throw problemsError(problems);
  const onFailure = oneOf(['pause', 'continue', 'rollback'], values['on-failure']);
  const order = oneOf(['stop-first', 'start-first'], values.order);
  return {
    ...(values.image === undefined ? {} : { image: values.image }), ...(env === undefined ? {} : { env }), ...(values.force === undefined ? {} : { force: values.force }),
    ...(values.parallelism === undefined ? {} : { parallelism: values.parallelism }), ...(values.delay === undefined ? {} : { delay: values.delay * NANOSECONDS }),
    ...(values.monitor === undefined ? {} : { monitor: values.monitor * NANOSECONDS }), ...(onFailure === undefined ? {} : { onFailure }), ...(order === undefined ? {} : { order }),
  };
}

export const update = defineCommand({
  arguments: [{ name: 'service', summary: 'name of the service', required: true }],
  flags,
  description: 'Ends when Swarm calls the update complete and every task runs the new version. An update that fails is told with its cause and the end of the log;'
    + ' where Swarm rolled it back, after the old version runs again.',
  examples: [
    { command: 'devstack update web --image shop-web:2 --on-failure rollback', summary: 'a new version, and back when it does not run' },
    { command: 'devstack update web --env COLOUR=green --parallelism 1 --delay 5s', summary: 'one task at a time' },
    { command: 'devstack update web --force', summary: 'the same version, in new tasks' },
  ],
  async run(input, context) {
    const change = readChange(input.flags);
    if (Object.keys(change).length === 0) {
      throw usageError({ code: 'update-empty', message: 'update: to what?', hints: [{ text: 'say what changes', command: `devstack update ${input.args[0] ?? 'web'} --image IMAGE` }] });
    }
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    return tallied(input.line, context, async (options) => {
      const outcome = await useCases.updateService(input.args[0] ?? '', change, stack, options);
      return { text: serviceText(outcome, context), result: serviceFields(outcome) };
    });
  },
});
