import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { create, list } from 'tar';
import { afterAll, describe, expect, it } from 'vitest';
import { withoutBlobs } from '../../src/clusters/containerd/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'devstack-archive-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const large = [1, 2, 3].map((seed) => Buffer.alloc(65_536 + seed * 100, seed));
const small = Buffer.from('{"config":1}');
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
for (const bytes of [...large, small]) writeFileSync(join(folder, 'blobs/sha256', digest(bytes)), bytes);
writeFileSync(join(folder, 'index.json'), '{}');
const archive = create({ cwd: folder, sync: true, portable: true }, readdirSync(folder)).read() as Buffer;

function* cut(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function filtered(bytes: Buffer, known: readonly string[], pieces = 10_000): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of withoutBlobs((async function* () { yield* cut(bytes, pieces); })(), new Set(known))) parts.push(part);
  return Buffer.concat(parts);
}

function namesIn(bytes: Buffer): readonly string[] {
  const names: string[] = [];
  const reader = list({ sync: true, strict: true, onReadEntry: (entry) => names.push(entry.path) });
  reader.end(bytes);
  return names.filter((name) => !name.endsWith('/'));
}

describe('withoutBlobs', () => {
  it('leaves out the large blobs that are known, and nothing else', async () => {
    const [first, second, third] = large.map(digest);
    const left = namesIn(await filtered(archive, [first ?? '', third ?? '', digest(small)]));
    expect([...left].sort()).toEqual([`blobs/sha256/${second}`, `blobs/sha256/${digest(small)}`, 'index.json'].sort());
  });

  it('passes an archive of unknown blobs byte for byte', async () => {
    expect(await filtered(archive, [])).toEqual(archive);
  });

  it('does not care how the archive is cut into pieces', async () => {
    const known = [digest(large[0] ?? small)];
    const whole = await filtered(archive, known, archive.length);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 7, max: 5_000 }), async (size) => (await filtered(archive, known, size)).equals(whole)), { numRuns: 15 });
  });

  it('passes what is no archive', async () => {
    const noise = Buffer.from('error: no such image '.repeat(100));
    expect(await filtered(noise, ['x'])).toEqual(noise);
    expect(await filtered(Buffer.alloc(0), [])).toHaveLength(0);
  });
});
