// The one member of a small tar archive, as the engine's copy API sends it. Reading it here keeps a package out of the start.

export type Member =
  | { readonly kind: 'file'; readonly content: Buffer }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'other' };

const BLOCK = 512;

/** First member that is no extension header; undefined when there is none or the archive is cut. */
export function firstMember(archive: Buffer): Member | undefined {
  let longLink: string | undefined;
  for (let offset = 0; offset + BLOCK <= archive.length; ) {
    const header = archive.subarray(offset, offset + BLOCK);
    if (header[0] === 0) return undefined;
    const size = sizeOf(header);
    const start = offset + BLOCK;
    if (start + size > archive.length) return undefined;
    const content = archive.subarray(start, start + size);
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === '0' || type === '\0') return { kind: 'file', content };
    if (type === '2') return { kind: 'link', target: longLink ?? textOf(header.subarray(157, 257)) };
    // PAX (x, g) and GNU (K, L) headers come before the member that they speak of.
    if (!'xgKL'.includes(type)) return { kind: 'other' };
    if (type === 'K') longLink = textOf(content);
    if (type === 'x') longLink = paxLink(content) ?? longLink;
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or big-endian binary when the first bit is set. */
function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136);
  if (((field[0] ?? 0) & 0x80) !== 0) return Number(field.readBigUInt64BE(4));
  const size = Number.parseInt(textOf(field).trim(), 8);
  // Below nothing it would lead back to the same header for ever.
  return Math.max(0, size || 0);
}

/** Records `<length> key=value\n`. */
function paxLink(content: Buffer): string | undefined {
  return /^\d+ linkpath=(.*)$/m.exec(content.toString('utf8'))?.[1];
}
