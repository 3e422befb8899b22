import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';

const files = createFiles();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'devstack-watch-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('watch', () => {
  it('gives a first sign when it watches, then one for a change below the folder, and ends with the signal', async () => {
    await mkdir(join(folder, 'deep'));
    const stop = new AbortController();
    let signs = 0;
    for await (const _sign of files.watch(folder, stop.signal)) {
      signs += 1;
      if (signs === 1) await writeFile(join(folder, 'deep', 'a'), '1');
      else stop.abort();
    }
    expect(signs).toBe(2);
  });

  it('says which folder it cannot watch', async () => {
    const signs = files.watch(join(folder, 'nothing'), new AbortController().signal)[Symbol.asyncIterator]();
    await expect(signs.next()).rejects.toMatchObject({ message: expect.stringContaining('nothing') });
  });
});
