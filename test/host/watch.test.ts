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
  it('gives a sign for a change below the folder, and ends with the signal', async () => {
    await mkdir(join(folder, 'deep'));
    const stop = new AbortController();
    const signs: number[] = [];
    const watching = (async () => {
      for await (const _sign of files.watch(folder, stop.signal)) {
        signs.push(signs.length);
        if (signs.length === 2) stop.abort();
        else await writeFile(join(folder, 'deep', 'b'), '2');
      }
    })();
    // Whether the watcher is up is not told: changes until it has seen one.
    const poking = (async () => {
      for (let count = 0; signs.length === 0; count++) {
        await writeFile(join(folder, 'a'), String(count));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await Promise.all([watching, poking]);
    expect(signs).toHaveLength(2);
  });

  it('says which folder it cannot watch', async () => {
    const signs = files.watch(join(folder, 'nothing'), new AbortController().signal)[Symbol.asyncIterator]();
    await expect(signs.next()).rejects.toMatchObject({ message: expect.stringContaining('nothing') });
  });
});
