// Findings about the machine: a line each, and under it what to do.
import type { CardView } from './card.ts';
import { hintLines } from './lines.ts';
import { pad, widthOf } from './table.ts';
import { count, oneLine } from './text.ts';

export interface DoctorFinding {
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
  readonly fix?: { readonly text: string; readonly command?: string; readonly automatic?: boolean };
}

const MARK = { ok: ['green', '✔'], warning: ['yellow', '!'], failed: ['red', '✖'], skipped: ['dim', '-'] } as const;

export function doctorText(findings: readonly DoctorFinding[], { paint }: CardView): string {
  const width = Math.max(0, ...findings.map((finding) => widthOf(finding.title)));
  const lines = findings.flatMap((finding) => {
    const [style, sign] = MARK[finding.state];
    const line = `  ${paint(style, sign)} ${pad(finding.title, width)}  ${finding.state === 'ok' ? paint('dim', oneLine(finding.message)) : oneLine(finding.message)}`;
    const isOpen = finding.fix !== undefined && (finding.state === 'warning' || finding.state === 'failed');
    const hints = isOpen ? hintLines([{ text: finding.fix.text, ...(finding.fix.command === undefined ? {} : { command: finding.fix.command }) }], paint) : [];
    return [line, ...hints.map((hint) => `  ${hint}`)];
  });
  const amount = (state: DoctorFinding['state']) => findings.filter((finding) => finding.state === state).length;
  const canFix = findings.some((finding) => finding.fix?.automatic === true && finding.state !== 'ok');
  const summary = `${count(amount('failed'), 'failure')}, ${count(amount('warning'), 'warning')}, ${amount('ok')} in order`;
  return `${[...lines, '', canFix ? `${summary}; devstack doctor --fix repairs some of it` : summary].join('\n')}\n`;
}
