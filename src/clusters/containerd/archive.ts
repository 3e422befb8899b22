// The archive of an image without what a node has already: a one-line change moves kilobytes, not its base image. Pure.

const BLOCK = 512;
/** Small blobs (manifests, configurations) stay: they are what the archive is about, and weigh nothing. */
const WORTH_SKIPPING = 64 * 1024;

/**
 * Passes a tar archive on without the large files `blobs/sha256/<digest>` whose digest is known. What is no archive passes unchanged:
 * whoever reads it says what is wrong with it.
 */
export async function* withoutBlobs(archive: AsyncIterable<Uint8Array | string>, known: ReadonlySet<string>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = Buffer.alloc(0);
  /** Bytes of the current entry that are still to come, and whether they are wanted. */
  let [left, isWanted] = [0, true];
  for await (const piece of archive) {
    let chunk = typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    if (rest.length > 0) chunk = Buffer.concat([rest, chunk]);
    rest = Buffer.alloc(0);
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        if (chunk.length - at < BLOCK) {
          rest = chunk.subarray(at);
          break;
        }
        const header = chunk.subarray(at, at + BLOCK);
        left = BLOCK + Math.ceil(sizeOf(header) / BLOCK) * BLOCK;
        isWanted = !(sizeOf(header) >= WORTH_SKIPPING && known.has(digestOf(header)));
      }
      const take = Math.min(left, chunk.length - at);
      if (isWanted) yield chunk.subarray(at, at + take);
      left -= take;
      at += take;
    }
  }
  if (rest.length > 0) yield rest;
}

function digestOf(header: Buffer): string {
  return /^blobs\/sha256\/([0-9a-f]{64})$/.exec(textAt(header, 0, 100))?.[1] ?? '';
}

/** Octal; sizes of 8 GiB and more are binary, and no number here: such an entry is passed on as one of unknown end. */
function sizeOf(header: Buffer): number {
  const size = Number.parseInt(textAt(header, 124, 12), 8);
  return Number.isSafeInteger(size) ? size : 0;
}

function textAt(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('latin1');
}
