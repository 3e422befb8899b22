// A plan for people: its steps by lane, each with its reason.
import type { Plan } from '../model/plan.ts';
import type { CardView } from './card.ts';
import { pad, table, widthOf } from './table.ts';
import { count, wrap } from './text.ts';

/** Prose without a terminal is wrapped as in a wide one. */
const MAX_COLUMNS = 120;

export function planText(plan: Plan, { columns, paint }: CardView): string {
  const numbers = new Map(plan.steps.map((step, index) => [step.id, index + 1]));
  const rows = plan.steps.map((step) => {
    const after = step.needs.map((need) => numbers.get(need)).filter((number) => number !== undefined);
    return [String(numbers.get(step.id)).padStart(2), step.lane, `${step.title}${step.destructive === true ? ' (removes)' : ''}`, after.length === 0 ? '' : `after ${after.join(', ')}`];
  });
  const lines = [
    `Stack ${paint('bold', plan.stack)}: ${count(plan.steps.length, 'step')}; steps run as soon as those they come after are done`,
    '',
    ...table(rows, { columns, indent: 2, paint, styles: ['dim', 'cyan', undefined, 'dim'] }),
  ];
  const reasons = plan.steps.flatMap((step) => (step.why === undefined ? [] : [[step.title, step.why]]));
  if (reasons.length > 0) lines.push('', 'Why', ...table(reasons, { columns, indent: 2, paint, styles: [undefined, 'dim'] }));
  if (plan.notes.length > 0) lines.push('', 'Decided', ...plan.notes.flatMap((note) => wrap(note, (columns ?? MAX_COLUMNS) - 5).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`)));
  if (plan.endpoints.length > 0) {
    const width = Math.max(...plan.endpoints.map((endpoint) => widthOf(endpoint.name)));
    lines.push('', 'Will answer', ...plan.endpoints.map((endpoint) => `  ${pad(endpoint.name, width)}  ${paint('cyan', endpoint.url)}`));
  }
  return `${lines.join('\n')}\n`;
}
