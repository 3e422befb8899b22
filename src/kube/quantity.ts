// Kubernetes quantities: `250m` CPU, `128Mi` memory. Pure.

const FACTORS: { readonly [suffix: string]: number } = {
  n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
};

/** The number behind a quantity in its base unit (cores, bytes); 0 for what is none. */
export function parseQuantity(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return 0;
  const match = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(n|u|m|k|Ki|Mi|Gi|Ti|Pi|Ei|M|G|T|P|E)?$/.exec(value);
  return match === null ? 0 : Number(match[1]) * (FACTORS[match[2] ?? ''] ?? 1);
}

/** Cores as a person writes them: `300m CPU`. */
export function cpuText(cores: number): string {
  return `${Math.round(cores * 1000)}m CPU`;
}

/** Bytes as a person writes them: `512Mi memory`. */
export function memoryText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}Mi memory`;
}
