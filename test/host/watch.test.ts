import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
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

/** Ends when there was a sign for each edit: one that is not seen leaves the test waiting. */
async function editAtEachSign(edits: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = [...edits];
  const stop = new AbortController();
  for await (const _sign of files.watch(folder, stop.signal)) {
    const edit = left.shift();
    if (edit === undefined) stop.abort();
    else await edit();
  }
  expect(left).toEqual([]);
}

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

  it('goes on seeing a file after an editor has put another one in its place', async () => {
    const file = join(folder, 'app.py');
    await writeFile(file, '1');
    const replace = async (text: string) => {
      await writeFile(join(folder, '.saving'), text);
      await rename(join(folder, '.saving'), file);
    };
    await editAtEachSign([() => replace('2'), () => appendFile(file, '3'), () => replace('4'), () => appendFile(file, '5')]);
  });

  it('goes on seeing a folder that was removed and made again', async () => {
    const deep = join(folder, 'deep');
    await mkdir(deep);
    await editAtEachSign([
      () => writeFile(join(deep, 'a'), '1'), () => rm(deep, { recursive: true }), () => mkdir(deep), () => writeFile(join(deep, 'a'), '2'), () => appendFile(join(deep, 'a'), '3'),
    ]);
  });

  it('says which folder it cannot watch', async () => {
    const signs = files.watch(join(folder, 'nothing'), new AbortController().signal)[Symbol.asyncIterator]();
    await expect(signs.next()).rejects.toMatchObject({ message: expect.stringContaining('nothing') });
  });
});
