// Line and bar charts as SVG text. Pure; colours are CSS variables of the page around it.
import { scaleOf } from './chart.ts';

export interface SvgLine {
  readonly name: string;
  /** Undefined leaves a gap. */
  readonly values: readonly (number | undefined)[];
  /** A CSS colour. */
  readonly color: string;
  /** A value holds until the next one. */
  readonly isStepped?: true;
}

export interface SvgBars {
  readonly name: string;
  readonly values: readonly number[];
  readonly color: string;
}

export interface SvgChart {
  /** Read aloud in place of the picture. */
  readonly label: string;
  readonly lines: readonly SvgLine[];
  /** Stacked, from the bottom. */
  readonly bars: readonly SvgBars[];
  /** How many steps the x axis has. */
  readonly steps: number;
  readonly xLabel: (step: number) => string;
  readonly yLabel: (value: number) => string;
  /** Logarithmic when the values differ by orders of magnitude. */
  readonly mayBeLog?: true;
}

const BOX = { width: 800, height: 240, left: 64, right: 12, top: 12, bottom: 28 } as const;
const PLOT = { width: BOX.width - BOX.left - BOX.right, height: BOX.height - BOX.top - BOX.bottom } as const;

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`).replace(/[^\P{Cc}\n\t]/gu, '');
}

export function svgChart(chart: SvgChart): string {
  const axes = axesOf(chart);
  const parts = [...grid(chart, axes), ...chart.bars.map((_, index) => bars(chart, index, axes)), ...chart.lines.map((line) => path(line, axes)), tips(chart, axes)];
  return `<svg viewBox="0 0 ${BOX.width} ${BOX.height}" role="img" aria-label="${escapeXml(chart.label)}">${parts.join('')}</svg>`;
}

interface Axes {
  /** Values with a line of the grid. */
  readonly ticks: readonly number[];
  readonly stepWidth: number;
  x(step: number): number;
  y(value: number): number;
}

function axesOf({ lines, bars: stacks, steps, mayBeLog }: SvgChart): Axes {
  const drawn = lines.flatMap(({ values }) => values.flatMap((value) => value ?? []));
  const sums = Array.from({ length: steps }, (_, step) => stacks.reduce((sum, { values }) => sum + (values[step] ?? 0), 0));
  const { bottom, top, isLog, share } = scaleOf([...drawn, ...sums], mayBeLog === true);
  const stepWidth = PLOT.width / Math.max(1, steps);
  return {
    ticks: isLog ? decades(bottom, top) : evenTicks(top),
    stepWidth,
    x: (step) => BOX.left + (step + 0.5) * stepWidth,
    y: (value) => BOX.top + (1 - share(value)) * PLOT.height,
  };
}

/** From 0 to the top, in at most six steps of 1, 2 or 5. */
function evenTicks(top: number): readonly number[] {
  const unit = 10 ** Math.floor(Math.log10(top));
  const step = [0.1, 0.2, 0.5, 1, 2, 5].map((factor) => factor * unit).find((candidate) => top / candidate < 6.5) ?? top;
  return Array.from({ length: Math.round(top / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function decades(bottom: number, top: number): readonly number[] {
  // The slack takes up what logarithms lose.
  const count = Math.floor(Math.log10(top / bottom) + 1e-9) + 1;
  return Array.from({ length: count }, (_, index) => bottom * 10 ** index);
}

function grid(chart: SvgChart, axes: Axes): readonly string[] {
  const rows = axes.ticks.map((value) => {
    const y = round(axes.y(value));
    return `<path class="grid" d="M${BOX.left} ${y}h${PLOT.width}"/><text class="y" x="${BOX.left - 8}" y="${y + 4}">${escapeXml(chart.yLabel(value))}</text>`;
  });
  const every = Math.max(1, Math.ceil(chart.steps / 8));
  const columns = Array.from({ length: Math.ceil(chart.steps / every) }, (_, index) => index * every)
    .map((step) => `<text class="x" x="${round(axes.x(step))}" y="${BOX.height - 8}">${escapeXml(chart.xLabel(step))}</text>`);
  return [...rows, ...columns];
}

function bars({ bars: stacks }: SvgChart, index: number, axes: Axes): string {
  const own = stacks[index];
  if (own === undefined) return '';
  const width = round(Math.max(1, axes.stepWidth * 0.8));
  const rectangles = own.values.flatMap((value, step) => {
    if (value === 0) return [];
    const below = stacks.slice(0, index).reduce((sum, { values }) => sum + (values[step] ?? 0), 0);
    const top = axes.y(below + value);
    return [`M${round(axes.x(step) - width / 2)} ${round(top)}h${width}v${round(axes.y(below) - top)}h${-width}z`];
  });
  return `<path fill="${own.color}" d="${rectangles.join('')}"/>`;
}

function path({ values, color, isStepped }: SvgLine, axes: Axes): string {
  let isDown = false;
  const commands = values.map((value, step) => {
    if (value === undefined) {
      isDown = false;
      return '';
    }
    const [x, y] = [round(axes.x(step)), round(axes.y(value))];
    const command = !isDown ? `M${x} ${y}` : isStepped === true ? `H${x}V${y}` : `L${x} ${y}`;
    isDown = true;
    return command;
  });
  return `<path class="line" stroke="${color}" d="${commands.join('')}"/>`;
}

/** An invisible column for each step, with its values as a tool tip. */
function tips({ lines, bars: stacks, steps, xLabel, yLabel }: SvgChart, axes: Axes): string {
  return Array.from({ length: steps }, (_, step) => {
    const values = [...lines, ...stacks].flatMap(({ name, values: own }) => (own[step] === undefined ? [] : [`${name} ${yLabel(own[step])}`]));
    return `<rect class="tip" x="${round(axes.x(step) - axes.stepWidth / 2)}" y="${BOX.top}" width="${round(axes.stepWidth)}" height="${PLOT.height}"><title>${escapeXml([xLabel(step), ...values].join('\n'))}</title></rect>`;
  }).join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
