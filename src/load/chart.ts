// Line charts in braille: each character is two dots wide and four high. Pure: numbers in, lines of text out.

export type ChartStyle = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type ChartPaint = (style: ChartStyle, text: string) => string;

export interface Series {
  /** One value for each step of the x axis; undefined leaves a gap. */
  readonly values: readonly (number | undefined)[];
  readonly style: ChartStyle;
  /** A value holds until the next one. */
  readonly isStepped?: true;
}

export interface ChartOptions {
  /** Characters for the plot, without the labels of the y axis. */
  readonly width: number;
  readonly height: number;
  /** Steps that the whole width stands for; more values than that shrink the scale. */
  readonly steps: number;
  readonly paint: ChartPaint;
  /** Text for a value of the y axis; 6 characters at most. */
  label?(value: number): string;
  /** Logarithmic when the values differ by orders of magnitude: then the axis starts at a power of ten, not at 0. */
  readonly mayBeLog?: true;
}

const BLANK = 0x2800;
/** Values that differ by less than this are drawn on a linear scale. */
const LOG_FROM_RATIO = 30;
/** Bits of a braille character, by row and column. */
const DOTS = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]] as const;
const LABEL_WIDTH = 6;
const BARS = '▁▂▃▄▅▆▇█';

/** The series over each other, the last on top. The y axis goes from 0 to the next round number above the largest value. */
export function chartLines(series: readonly Series[], options: ChartOptions): readonly string[] {
  const { width, height, paint } = options;
  const label = options.label ?? shortNumber;
  const scale = scaleOf(series.flatMap(({ values }) => values.flatMap((value) => value ?? [])), options.mayBeLog === true);
  const steps = Math.max(options.steps, ...series.map(({ values }) => values.length), 1);
  const canvas = createCanvas(width, height);
  for (const [index, one] of series.entries()) drawSeries(canvas, one, { index, steps, scale });
  return Array.from({ length: height }, (_, row) => {
    const value = row === 0 ? scale.top : row === height - 1 ? scale.bottom : undefined;
    const axis = `${(value === undefined ? '' : label(value)).padStart(LABEL_WIDTH)} ${value === undefined ? '│' : '┤'}`;
    return `${paint('dim', axis)}${canvas.row(row, (index, text) => paint(series[index]?.style ?? 'dim', text))}`;
  });
}

export interface Scale {
  readonly bottom: number;
  readonly top: number;
  readonly isLog: boolean;
  /** From 0 at the bottom to 1 at the top. */
  share(value: number): number;
}

/** The scale of a y axis for these values. */
export function scaleOf(values: readonly number[], mayBeLog: boolean): Scale {
  const positive = values.filter((value) => value > 0);
  const top = roundUp(Math.max(0, ...positive));
  const least = Math.min(top, ...positive);
  const isLog = mayBeLog && Math.max(0, ...positive) > LOG_FROM_RATIO * least;
  const bottom = isLog ? 10 ** Math.floor(Math.log10(least)) : 0;
  const clamp = (share: number) => Math.min(1, Math.max(0, share));
  return { bottom, top, isLog, share: (value) => clamp(isLog ? Math.log(Math.max(value, bottom) / bottom) / Math.log(top / bottom) : value / top) };
}

/** One line of blocks, from 0 to the largest value. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values, 0);
  return values.map((value) => BARS[top === 0 ? 0 : Math.min(BARS.length - 1, Math.floor((Math.max(0, value) / top) * BARS.length))]).join('');
}

/** The next round number that is not below the value: one of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((factor) => Number((factor * unit).toPrecision(2))).find((round) => round >= value) ?? value;
}

/** `950`, `1.2k`, `15k`. */
export function shortNumber(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(2))}M`;
  if (value >= 1_000) return `${Number((value / 1_000).toPrecision(2))}k`;
  return String(Number(value.toPrecision(3)));
}

/** `0.8 ms`, `21 ms`, `1.5 s`. */
export function shortDuration(ms: number): string {
  return ms >= 1_000 ? `${Number((ms / 1_000).toPrecision(2))} s` : `${Number(ms.toPrecision(2))} ms`;
}

interface Canvas {
  set(x: number, y: number, index: number): void;
  /** The characters of a row; runs of one series are painted together. */
  row(row: number, paint: (index: number, text: string) => string): string;
  readonly dotsAcross: number;
  readonly dotsUp: number;
}

function createCanvas(width: number, height: number): Canvas {
  const bits = new Uint8Array(width * height);
  const owner = new Uint8Array(width * height);
  return {
    dotsAcross: width * 2,
    dotsUp: height * 4,
    set(x, y, index) {
      const cell = Math.floor(y / 4) * width + Math.floor(x / 2);
      bits[cell] = (bits[cell] ?? 0) | (DOTS[(y % 4) as 0 | 1 | 2 | 3][(x % 2) as 0 | 1]);
      owner[cell] = index;
    },
    row(row, paint) {
      let [line, run, index] = ['', '', 0];
      for (let column = 0; column < width; column++) {
        const cell = row * width + column;
        const next = bits[cell] === 0 ? index : (owner[cell] ?? 0);
        if (next !== index && run !== '') {
          line += paint(index, run);
          run = '';
        }
        index = next;
        run += String.fromCharCode(BLANK + (bits[cell] ?? 0));
      }
      return line + paint(index, run);
    },
  };
}

interface Drawing {
  /** Of the series, which colours it. */
  readonly index: number;
  readonly steps: number;
  readonly scale: Scale;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function drawSeries(canvas: Canvas, { values, isStepped }: Series, { index, steps, scale }: Drawing): void {
  const xOf = (step: number) => (steps === 1 ? 0 : Math.round((step * (canvas.dotsAcross - 1)) / (steps - 1)));
  const yOf = (value: number) => Math.round((1 - scale.share(value)) * (canvas.dotsUp - 1));
  let before: Point | undefined;
  for (const [step, value] of values.entries()) {
    if (value === undefined) {
      before = undefined;
      continue;
    }
    const point = { x: xOf(step), y: yOf(value) };
    const corner = isStepped === true && before !== undefined ? { x: point.x, y: before.y } : undefined;
    if (corner !== undefined) drawLine(canvas, { from: before ?? point, to: corner, index });
    drawLine(canvas, { from: corner ?? before ?? point, to: point, index });
    before = point;
  }
}

function drawLine(canvas: Canvas, { from, to, index }: { readonly from: Point; readonly to: Point; readonly index: number }): void {
  const dots = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
  for (let dot = 0; dot <= dots; dot++) {
    const along = dot / dots;
    canvas.set(Math.round(from.x + (to.x - from.x) * along), Math.round(from.y + (to.y - from.y) * along), index);
  }
}
