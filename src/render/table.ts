// Columns that line up, by what is seen: wide characters count two, colours nothing. The only home of string-width.
import stringWidth from 'string-width';
import { type Paint, plain, type Style } from './paint.ts';

export interface TableOptions {
  /** Width of the terminal; without it nothing is cut. */
  readonly columns?: number | undefined;
  readonly indent?: number;
  readonly paint?: Paint;
  /** Style of each column. */
  readonly styles?: readonly (Style | undefined)[];
}

const GAP = '  ';

export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Cut to a width, with … at the end of what was cut. */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const wide = widthOf(segment);
    if (used + wide > width - 1) break;
    cut += segment;
    used += wide;
  }
  return width < 1 ? '' : `${cut}…`;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Lines of a table without borders. The last column takes what is left of the terminal. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): readonly string[] {
  const { columns, paint = plain, styles = [] } = options;
  const indent = ' '.repeat(options.indent ?? 0);
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => { widths[index] = Math.max(widths[index] ?? 0, widthOf(cell)); });
  return rows.map((row) => {
    let used = indent.length;
    const cells = row.map((cell, index) => {
      const isLast = index === row.length - 1;
      const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(1, columns - 1 - used);
      const text = isLast ? truncate(cell, room) : pad(truncate(cell, room), Math.min(widths[index] ?? 0, room));
      used += widthOf(text) + GAP.length;
      const style = styles[index];
      return style === undefined ? text : paint(style, text);
    });
    return (indent + cells.join(GAP)).trimEnd();
  });
}
