// Durations as people write them: 90s, 10m, 1h, 1h30m.

const UNIT_MS: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** A day: more is a typing error, and setTimeout overflows at 24.8 days. */
export const MAX_DURATION_MS = 24 * 3_600_000;

/** Milliseconds, or undefined when the text is no duration between 1 ms and a day. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,9}(\.\d{1,3})?(ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  const rounded = Math.round(total);
  return rounded >= 1 && rounded <= MAX_DURATION_MS ? rounded : undefined;
}

/** The shortest exact way to write it: 600000 → `10m`. */
export function formatExactDuration(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    const size = UNIT_MS[unit] ?? 1;
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
