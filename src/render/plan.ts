// A plan for people: its steps with what they come after, and the reason of each.
import type { Plan, Step } from '../model/plan.ts';
import type { CardView } from './card.ts';
import { pad, widthOf } from './table.ts';
import { count, wrap } from './text.ts';

/** Prose without a terminal is wrapped as in a wide one. */
const MAX_COLUMNS = 120;
const HEADER = ['#', 'AFTER', 'LANE', 'STEP'] as const;

/** `#`, what it comes after, lane and title of each step. */
function cellsOf(steps: readonly Step[]): readonly (readonly [string, string, string, string])[] {
  const numbers = new Map(steps.map((step, index) => [step.id, index + 1]));
  return steps.map((step) => {
    const after = step.needs.flatMap((need) => numbers.get(need) ?? []).sort((left, right) => left - right);
    return [String(numbers.get(step.id)), after.join(','), step.lane, step.destructive === true ? `${step.title} (removes)` : step.title];
  });
}

function stepLines(plan: Plan, { columns = MAX_COLUMNS, paint }: CardView): readonly string[] {
  const cells = cellsOf(plan.steps);
  const widths = HEADER.map((title, index) => Math.max(widthOf(title), ...cells.map((row) => widthOf(row[index] ?? ''))));
  const [numberWidth = 0, afterWidth = 0, laneWidth = 0] = widths;
  const indent = ' '.repeat(numberWidth + afterWidth + laneWidth + 8);
  const line = ([number, after, lane, title]: readonly [string, string, string, string]) =>
    `  ${number.padStart(numberWidth)}  ${paint('dim', pad(after, afterWidth))}  ${paint('cyan', pad(lane, laneWidth))}  ${title}`;
  return [
    paint('dim', `  ${HEADER[0].padStart(numberWidth)}  ${pad(HEADER[1], afterWidth)}  ${pad(HEADER[2], laneWidth)}  ${HEADER[3]}`),
    ...plan.steps.flatMap((step, index) => {
      const reason = step.why === undefined ? [] : wrap(step.why, Math.max(20, columns - indent.length - 1));
      return [line(cells[index] ?? ['', '', '', step.title]), ...reason.map((text) => indent + paint('dim', text))];
    }),
  ];
}

export function planText(plan: Plan, view: CardView): string {
  const { columns = MAX_COLUMNS, paint } = view;
  const lines = [`Stack ${paint('bold', plan.stack)}: ${count(plan.steps.length, 'step')}; each runs as soon as those it comes after are done`, '', ...stepLines(plan, view)];
  if (plan.notes.length > 0) {
    const notes = plan.notes.flatMap((note) => wrap(note, columns - 5).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`));
    lines.push('', 'Decided', ...notes);
  }
  if (plan.endpoints.length > 0) {
    const width = Math.max(...plan.endpoints.map((endpoint) => widthOf(endpoint.name)));
    lines.push('', 'Will answer', ...plan.endpoints.map((endpoint) => `  ${pad(endpoint.name, width)}  ${paint('cyan', endpoint.url)}`));
  }
  return `${lines.join('\n')}\n`;
}
