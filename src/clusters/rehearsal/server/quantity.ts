// Resource quantities (`500m`, `1.5Gi`): read exactly, written in the one form in which the API keeps them.

const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$/;
const NANO = 1_000_000_000n;
const DECIMAL: readonly (readonly [string, bigint])[] = [
  ['E', 10n ** 27n], ['P', 10n ** 24n], ['T', 10n ** 21n], ['G', 10n ** 18n], ['M', 10n ** 15n], ['k', 10n ** 12n], ['', NANO], ['m', 10n ** 6n], ['u', 1000n], ['n', 1n],
];
const BINARY: readonly (readonly [string, bigint])[] = [
  ['Ei', NANO << 60n], ['Pi', NANO << 50n], ['Ti', NANO << 40n], ['Gi', NANO << 30n], ['Mi', NANO << 20n], ['Ki', NANO << 10n], ['', NANO],
];

interface Quantity {
  /** In billionths. */
  readonly nano: bigint;
  readonly form: 'decimal' | 'binary' | 'exponent';
}

function scaleOf(suffix: string): bigint {
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix);
  if (exponent !== null) {
    const power = Number(exponent[1]);
    return power >= -9 ? 10n ** BigInt(Math.min(power, 40) + 9) : 0n;
  }
  return [...DECIMAL, ...BINARY].find(([name]) => name === suffix)?.[1] ?? NANO;
}

/** Undefined when the text is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '0', suffix = ''] = match;
  const [whole = '0', fraction = ''] = digits.split('.');
  const scaled = BigInt(`${whole}${fraction}` || '0') * scaleOf(suffix);
  const divisor = 10n ** BigInt(fraction.length);
  // What is finer than a billionth is rounded up, away from zero.
  const nano = (scaled + divisor - 1n) / divisor;
  return { nano: sign === '-' ? -nano : nano, form: suffix.endsWith('i') ? 'binary' : /^[eE]/.test(suffix) ? 'exponent' : 'decimal' };
}

function decimal(nano: bigint): string {
  const [suffix, scale] = DECIMAL.find(([, size]) => nano % size === 0n) ?? ['n', 1n];
  return `${nano / scale}${suffix}`;
}

/** The canonical text: `1000m` is `1`, `1024Mi` is `1Gi`. Undefined when the text is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const { nano, form } = quantity;
  if (nano === 0n) return '0';
  if (form === 'binary') {
    const absolute = nano < 0n ? -nano : nano;
    if (absolute < 1024n * NANO || nano % NANO !== 0n) return decimal(nano);
    const [suffix, scale] = BINARY.find(([, size]) => nano % size === 0n) ?? ['', NANO];
    return `${nano / scale}${suffix}`;
  }
  if (form === 'exponent') return exponent(nano);
  return decimal(nano);
}

function exponent(nano: bigint): string {
  const [, scale] = DECIMAL.find(([, size]) => nano % size === 0n) ?? ['n', 1n];
  const power = String(scale).length - 1 - 9;
  return power === 0 ? String(nano / scale) : `${nano / scale}e${power}`;
}

/** Thousandths, rounded up; 0 when the text is no quantity. For sums of requests. */
export function milliOf(text: string): number {
  const quantity = parseQuantity(text);
  return quantity === undefined ? 0 : Number((quantity.nano + 999_999n) / 1_000_000n);
}
