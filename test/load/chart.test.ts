import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChartPaint, chartLines, roundUp, scaleOf, shortDuration, shortNumber, sparkline } from '../../src/load/chart.ts';

const plain: ChartPaint = (_style, text) => text;
const marked: ChartPaint = (style, text) => (style === 'dim' ? text : `<${style}>${text}</>`);
/** Values as they are measured: thousandths of a millisecond, or counts. */
const measured = fc.integer({ min: 0, max: 1e9 }).map((value) => value / 1_000);
const options = { width: 10, height: 3, steps: 10, paint: plain };

describe('chartLines', () => {
  it('draws a line from corner to corner', () => {
    expect(chartLines([{ values: [0, 10], style: 'cyan' }], { ...options, steps: 2 })).toEqual(['    10 ┤⠀⠀⠀⠀⠀⠀⢀⡠⠔⠊', '       │⠀⠀⠀⢀⠤⠒⠁⠀⠀⠀', '     0 ┤⡠⠔⠊⠁⠀⠀⠀⠀⠀⠀']);
  });

  it('takes only the part of the width that is over', () => {
    const [top] = chartLines([{ values: [10, 10, 10, 10, 10], style: 'cyan' }], options);
    expect(top).toBe('    10 ┤⠉⠉⠉⠉⠁⠀⠀⠀⠀⠀');
  });

  it('leaves gaps, holds steps, and paints each series in its own style', () => {
    expect(chartLines([{ values: [1, undefined, 1], style: 'cyan' }], { ...options, steps: 3, height: 1 })).toEqual(['     1 ┤⠁⠀⠀⠀⠀⠀⠀⠀⠀⠈']);
    expect(chartLines([{ values: [0, 1], style: 'cyan', isStepped: true }], { ...options, steps: 2, height: 1 })).toEqual(['     1 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸']);
    expect(chartLines([{ values: [1, 1], style: 'red' }, { values: [0, 0], style: 'green' }], { ...options, steps: 2, height: 2, width: 2, paint: marked })).toEqual(['     1 ┤<red>⠉⠉</>', '     0 ┤<green>⣀⣀</>']);
  });

  it('has as many lines and characters as asked for, whatever the values', () => {
    const value = fc.option(measured, { nil: undefined });
    fc.assert(fc.property(fc.array(fc.array(value), { maxLength: 3 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 8 }), fc.boolean(), (all, width, height, mayBeLog) => {
      const lines = chartLines(all.map((values) => ({ values, style: 'cyan' as const })), { width, height, steps: 20, paint: plain, ...(mayBeLog ? { mayBeLog } : {}) });
      expect(lines).toHaveLength(height);
      for (const line of lines) expect([...line]).toHaveLength(width + 8);
    }));
  });
});

describe('scaleOf', () => {
  it('is linear from 0, and logarithmic only where that helps', () => {
    expect(scaleOf([3, 7], true)).toMatchObject({ bottom: 0, top: 8, isLog: false });
    expect(scaleOf([20, 4_000], true)).toMatchObject({ bottom: 10, top: 4_000, isLog: true });
    expect(scaleOf([20, 4_000], false)).toMatchObject({ bottom: 0, isLog: false });
    expect(scaleOf([], true)).toMatchObject({ bottom: 0, top: 1, isLog: false });
  });

  it('puts every value between bottom and top', () => {
    fc.assert(fc.property(fc.array(measured), fc.boolean(), (values, mayBeLog) => {
      const scale = scaleOf(values, mayBeLog);
      return values.every((value) => scale.share(value) >= 0 && scale.share(value) <= 1 && value <= scale.top);
    }));
  });
});

it.each([[0, 1], [1, 1], [1.2, 1.5], [7, 8], [9, 10], [61, 80], [130, 150], [1e6 + 1, 1.5e6], [0.03, 0.03], [Number.NaN, 1]])('roundUp(%d) is %d', (value, round) => {
  expect(roundUp(value)).toBe(round);
});

it('writes numbers short', () => {
  expect([0, 950, 1_234, 15_000, 2_500_000, 0.1 + 0.2].map(shortNumber)).toEqual(['0', '950', '1.2k', '15k', '2.5M', '0.3']);
  expect([0, 0.83, 21.4, 1_500, 90_000].map(shortDuration)).toEqual(['0 ms', '0.83 ms', '21 ms', '1.5 s', '90 s']);
});

it('draws a line of blocks', () => {
  expect([sparkline([0, 1, 2, 4, 8]), sparkline([0, 0]), sparkline([])]).toEqual(['▁▂▃▅█', '▁▁', '']);
});
