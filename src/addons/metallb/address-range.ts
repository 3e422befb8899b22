// Addresses of a subnet that the engine is unlikely to give to a container. Pure.

/** Docker hands out addresses from the low end; these are at the high end, without the last (broadcast). */
const COUNT = 51;
/** A network of fewer addresses (/24 has 256) has none to spare. */
const SMALLEST_PREFIX = 24;

function toNumber(address: string): number | undefined {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || !bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** `172.18.0.0/16` → `172.18.255.200-172.18.255.250`; undefined for what is no IPv4 subnet or too small. */
export function addressRange(subnet: string): string | undefined {
  const match = /^([\d.]+)\/(\d{1,2})$/.exec(subnet);
  const address = match?.[1] === undefined ? undefined : toNumber(match[1]);
  const prefix = Number(match?.[2]);
  if (address === undefined || prefix < 1 || prefix > SMALLEST_PREFIX) return undefined;
  const size = 2 ** (32 - prefix);
  const last = Math.floor(address / size) * size + size - 6;
  return `${toText(last - COUNT + 1)}-${toText(last)}`;
}
