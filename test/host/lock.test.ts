import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../src/host/lock.ts';
import { lifeOf, ownIdentity } from '../../src/host/process-identity.ts';
import { temporaryFolder } from './folder.ts';

const TOKEN = '0123456789abcdef01234567';
const nothing = async (): Promise<string> => 'ran';

/** As a holder would leave it. */
async function plant(path: string, change: object = {}): Promise<void> {
  writeFileSync(path, JSON.stringify({ ...(await ownIdentity()), token: TOKEN, ...change }));
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
}

test('is held while the work runs, private, and gone after it: also when the work fails', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'deep', 'lock');
  await withLock(path, async () => {
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
  });
  await expect(withLock(path, async () => { throw new Error('broken'); })).rejects.toThrow('broken');
  expect(readdirSync(join(folder, 'deep'))).toEqual([]);
});

test('one at a time, all get their turn', async () => {
  const path = join(temporaryFolder(), 'lock');
  let inside = 0;
  let most = 0;
  let total = 0;
  await Promise.all(Array.from({ length: 40 }, () => withLock(path, async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise(setImmediate);
    total += 1;
    inside -= 1;
  })));
  expect({ most, total }).toEqual({ most: 1, total: 40 });
});

test('a live holder: waits, then says who it is', async () => {
  const path = join(temporaryFolder(), 'lock');
  await plant(path);
  await expect(withLock(path, nothing, { waitMs: 50 })).rejects.toMatchObject({
    code: 'locked', exit: 3, details: { pid: process.pid }, hints: [{ command: `rm '${path}'` }],
  });
});

test('a turn of somebody else is no stand-still: the wait begins anew with each holder', async () => {
  const path = join(temporaryFolder(), 'lock');
  const order: number[] = [];
  const turn = (index: number) => withLock(path, async () => {
    order.push(index);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }, { waitMs: 200 });
  await Promise.all(Array.from({ length: 8 }, (_, index) => turn(index)));
  expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('an abort ends the wait', async () => {
  const path = join(temporaryFolder(), 'lock');
  await plant(path);
  const controller = new AbortController();
  const waiting = withLock(path, nothing, { signal: controller.signal });
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});

describe('left behind', () => {
  test('by a process that is dead: taken over without a wait', async () => {
    const path = join(temporaryFolder(), 'lock');
    await plant(path, { pid: await deadPid() });
    expect(await withLock(path, nothing, { waitMs: 0 })).toBe('ran');
  });

  test('its number is in use again, by a process that started later', async () => {
    const path = join(temporaryFolder(), 'lock');
    await plant(path, { started: '1' });
    expect(await withLock(path, nothing, { waitMs: 0 })).toBe('ran');
  });

  test.runIf(process.platform === 'linux')('before the machine was started anew', async () => {
    const path = join(temporaryFolder(), 'lock');
    const own = await ownIdentity();
    const [host, , namespace] = own.place.split('/');
    await plant(path, { place: `${host}/00000000-0000-0000-0000-000000000000/${namespace}` });
    expect(await withLock(path, nothing, { waitMs: 0 })).toBe('ran');
  });

  test('empty, as kubectl leaves it: after a second, not before', async () => {
    const path = join(temporaryFolder(), 'config.lock');
    writeFileSync(path, '');
    await expect(withLock(path, nothing, { waitMs: 0 })).rejects.toMatchObject({ code: 'locked' });
    utimesSync(path, new Date(), new Date(Date.now() - 1100));
    expect(await withLock(path, nothing, { waitMs: 0 })).toBe('ran');
  });

  test('by one that died while it took over another', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    const pid = await deadPid();
    await plant(path, { pid });
    await plant(`${path}.${TOKEN}`, { pid, token: `f${TOKEN.slice(1)}` });
    expect(await withLock(path, nothing)).toBe('ran');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('many that see the same dead one: still one at a time', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    await plant(path, { pid: await deadPid() });
    let inside = 0;
    await Promise.all(Array.from({ length: 20 }, () => withLock(path, async () => {
      inside += 1;
      expect(inside).toBe(1);
      await new Promise(setImmediate);
      inside -= 1;
    })));
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('on another host, or in another container: respected, whatever its age, and named', async () => {
  const path = join(temporaryFolder(), 'lock');
  await plant(path, { place: 'elsewhere/boot/pid:[1]', host: 'elsewhere', pid: await deadPid() });
  utimesSync(path, new Date(0), new Date(0));
  await expect(withLock(path, nothing, { waitMs: 20 })).rejects.toMatchObject({ code: 'locked', reason: expect.stringContaining('on elsewhere') });
});

describe('planted at the path of the lock', () => {
  test('a symlink is not followed, and its target is not written', async () => {
    const folder = temporaryFolder();
    const [victim, path] = [join(folder, 'victim'), join(folder, 'lock')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, path);
    await expect(withLock(path, nothing)).rejects.toMatchObject({ code: 'lock-blocked', exit: 3 });
    symlinkSync(join(folder, 'absent'), join(folder, 'dangling'));
    await expect(withLock(join(folder, 'dangling'), nothing)).rejects.toMatchObject({ code: 'lock-blocked' });
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readdirSync(folder)).toEqual(['dangling', 'lock', 'victim']);
  });

  test.skipIf(process.platform === 'win32')('a FIFO does not make it hang', async () => {
    const path = join(temporaryFolder(), 'lock');
    execFileSync('mkfifo', [path]);
    await expect(withLock(path, nothing)).rejects.toMatchObject({ code: 'lock-blocked' });
  });

  test('a folder', async () => {
    const folder = temporaryFolder();
    await expect(withLock(folder, nothing)).rejects.toMatchObject({ code: 'lock-blocked' });
  });

  test('a file with anything in it is a lock without an owner', async () => {
    for (const content of ['null', '{"pid":1}', '[]', '"x"', '{'.repeat(5000), '\0\0\0']) {
      const path = join(temporaryFolder(), 'lock');
      writeFileSync(path, content);
      utimesSync(path, new Date(0), new Date(0));
      expect(await withLock(path, nothing)).toBe('ran');
    }
  });
});

test('the life of a process', async () => {
  const own = await ownIdentity();
  expect(await lifeOf(own)).toBe('alive');
  expect(await lifeOf({ ...own, pid: await deadPid() })).toBe('dead');
  expect(await lifeOf({ ...own, place: `x${own.place}` })).toBe('unknown');
});
