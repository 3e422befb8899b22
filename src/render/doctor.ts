// Findings about the machine: a line each, and under it what to do.
import type { CardView } from './card.ts';
import { hintLines } from './lines.ts';
import { pad, widthOf } from './table.ts';
import { count, oneLine, wrap } from './text.ts';

export interface DoctorFinding {
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
  readonly fix?: { readonly text: string; readonly command?: string; readonly automatic?: boolean };
}

const MARK = { ok: ['green', '✔'], warning: ['yellow', '!'], failed: ['red', '✖'], skipped: ['dim', '-'] } as const;

/** Sign, title and message; a long message goes on below itself. */
function findingLines(finding: DoctorFinding, titleWidth: number, { columns, paint }: CardView): readonly string[] {
  const [style, sign] = MARK[finding.state];
  const indent = titleWidth + 6;
  const message = oneLine(finding.message);
  const [first = '', ...more] = columns === undefined ? [message] : wrap(message, Math.max(20, columns - indent - 1));
  const shown = (text: string) => (finding.state === 'ok' ? paint('dim', text) : text);
  return [`  ${paint(style, sign)} ${pad(finding.title, titleWidth)}  ${shown(first)}`, ...more.map((line) => ' '.repeat(indent) + shown(line))];
}

export function doctorText(findings: readonly DoctorFinding[], view: CardView): string {
  const { paint } = view;
  const width = Math.max(0, ...findings.map((finding) => widthOf(finding.title)));
  const lines = findings.flatMap((finding) => {
    const isOpen = finding.fix !== undefined && (finding.state === 'warning' || finding.state === 'failed');
    const hints = isOpen ? hintLines([{ text: finding.fix.text, ...(finding.fix.command === undefined ? {} : { command: finding.fix.command }) }], paint) : [];
    return [...findingLines(finding, width, view), ...hints.map((hint) => `  ${hint}`)];
  });
  const amount = (state: DoctorFinding['state']) => findings.filter((finding) => finding.state === state).length;
  const canFix = findings.some((finding) => finding.fix?.automatic === true && finding.state !== 'ok');
  const summary = `${count(amount('failed'), 'failure')}, ${count(amount('warning'), 'warning')}, ${amount('ok')} in order`;
  return `${[...lines, '', canFix ? `${summary}; devstack doctor --fix repairs some of it` : summary].join('\n')}\n`;
}
