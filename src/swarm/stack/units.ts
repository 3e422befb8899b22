// Durations, sizes and shares of a CPU, as Compose writes them. Pure.

const NANOSECONDS: { readonly [unit: string]: number } = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9 };
const BYTES: { readonly [unit: string]: number } = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** `1m30s`, `500ms`, `0` → nanoseconds; undefined when it is none. */
export function nanoseconds(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount = '', , unit = ''] of text.matchAll(/(\d+(\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g)) sum += Number(amount) * (NANOSECONDS[unit] ?? 0);
  return Math.round(sum);
}

/** `64m`, `1.5gb`, `4096` → bytes. Units are powers of 1024, as the engine counts. */
export function bytes(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const factor = BYTES[unit.toLowerCase()];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

/** `0.5` → 500000000 of the engine's billionths. */
export function nanoCpus(text: string): number | undefined {
  return /^\d*\.?\d+$/.test(text.trim()) ? Math.round(Number(text) * 1e9) : undefined;
}

/**
 * `0440`, 0o440 → 288. YAML 1.2 reads an unquoted 0440 as the number 440, and older tools write 288: digits that only a file
 * mode would have (0, 4, 5, 6, 7) are taken as octal, anything else as decimal.
 */
export function fileMode(text: string): number | undefined {
  if (/^0o?[0-7]{1,4}$/.test(text) || /^[1-7]?[04567]{3}$/.test(text)) return Number.parseInt(text.replace('0o', ''), 8);
  return /^\d{1,4}$/.test(text) && Number(text) <= 0o7777 ? Number(text) : undefined;
}
