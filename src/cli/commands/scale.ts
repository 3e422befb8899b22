// devstack scale: how many tasks services of a swarm have.
import { type Problem, problemsError } from '../../config/problem.ts';
import { quote } from '../../model/redact.ts';
import { tallied, targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { serviceFields, serviceText } from '../service-text.ts';

const MAX_REPLICAS = 1000;

interface Wish {
  readonly service: string;
  readonly replicas: number;
}

function readWish(text: string, problems: Problem[]): readonly Wish[] {
  const [, service, number] = /^([A-Za-z0-9][\w.-]*)=(\d{1,6})$/.exec(text) ?? [];
  if (service !== undefined && Number(number) <= MAX_REPLICAS) return [{ service, replicas: Number(number) }];
  problems.push({ place: 'SERVICE=N', message: `${quote(text)} is not of the form web=5, with at most ${MAX_REPLICAS}`, code: 'flag-invalid' });
  return [];
}

export const scale = defineCommand({
  arguments: [{ name: 'service=n', summary: 'name of a service, and how many tasks it shall have', required: true, variadic: true }],
  flags: targetFlags,
  description: 'Ends when as many tasks run (and are healthy, where a health check says so), or at once with the cause when they cannot.',
  examples: [
    { command: 'devstack scale web=5', summary: 'five tasks' },
    { command: 'devstack scale shop_web=3 shop_db=1', summary: 'several services, one after the other' },
  ],
  async run(input, context) {
    const problems: Problem[] = [];
    const wishes = input.args.flatMap((text) => readWish(text, problems));
    if (problems.length > 0) throw problemsError(problems);
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    return tallied(input.line, context, async (options) => {
      const outcomes = await useCases.scaleServices(wishes, stack, options);
      return { text: outcomes.map((outcome) => serviceText(outcome, context)).join(''), result: { services: outcomes.map(serviceFields) } };
    });
  },
});
