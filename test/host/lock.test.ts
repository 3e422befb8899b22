import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../src/host/lock.ts';
import { joinLine } from '../../src/host/lock-line.ts';
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

test('it is never there without its owner, whoever looks', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'lock');
  // Another process, for in this one the lock is made without a pause. It looks until its input ends.
  const child = spawn(process.execPath, ['-e', `
    const { readFileSync } = require('node:fs');
    let [seen, nameless, on] = [0, 0, true];
    process.stdin.on('end', () => { on = false; }).resume();
    const look = () => {
      for (let turn = 0; turn < 50; turn += 1) {
        try {
          const text = readFileSync(${JSON.stringify(path)}, 'utf8');
          seen += 1;
          if (!text.endsWith('}\\n')) nameless += 1;
        } catch {}
      }
      if (on) setImmediate(look); else console.log(JSON.stringify({ nameless, hasSeen: seen > 0 }));
    };
    console.log('looking');
    look();
  `], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
  await once(child.stdout, 'data');
  for (let turn = 0; turn < 500; turn += 1) await withLock(path, nothing);
  child.stdin.end();
  await once(child, 'close');
  expect(JSON.parse(said.join('').split('\n')[1] ?? '')).toEqual({ nameless: 0, hasSeen: true });
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

describe('the line in front of it', () => {
  /** Until so many wait. */
  async function untilWaiting(path: string, count: number): Promise<readonly string[]> {
    for (;;) {
      const tickets = readdirSync(dirname(path)).filter((name) => name.startsWith('.devstack-'));
      if (tickets.length === count) return tickets.map((name) => join(dirname(path), name));
      await new Promise(setImmediate);
    }
  }

  test('first come, first served: who has had it goes to the end', async () => {
    const path = join(temporaryFolder(), 'lock');
    const order: string[] = [];
    await Promise.all(['a', 'b', 'c'].map(async (name) => {
      for (let round = 0; round < 5; round += 1) await withLock(path, async () => void order.push(name));
    }));
    const rounds = order.join('').match(/.../g) ?? [];
    expect(rounds.map((round) => [...round].sort().join(''))).toEqual(Array.from({ length: 5 }, () => 'abc'));
  });

  test('one that was killed in it holds nobody up, and leaves nothing', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    const { ticket } = await joinLine(path, '');
    renameSync(ticket, ticket.replace(`-${process.pid}-`, `-${await deadPid()}-`));
    expect(await withLock(path, nothing)).toBe('ran');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the holder is dead, and so is the next', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    const pid = await deadPid();
    await plant(path, { pid });
    const { ticket } = await joinLine(path, '');
    renameSync(ticket, ticket.replace(`-${process.pid}-`, `-${pid}-`));
    expect(await withLock(path, nothing)).toBe('ran');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('one that does not move is overtaken, and keeps its place', async () => {
    const path = join(temporaryFolder(), 'lock');
    const stopped = await joinLine(path, '');
    expect(await withLock(path, nothing)).toBe('ran');
    expect(await untilWaiting(path, 1)).toEqual([stopped.ticket]);
  });

  test('of another lock in the same folder: nobody to wait for', async () => {
    const path = join(temporaryFolder(), 'lock');
    await joinLine(`${path}-other`, '');
    const line = await joinLine(path, '');
    expect(line.ahead()).toBe(0);
  });

  test('a ticket that somebody has removed: another one is drawn', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'lock');
    let waiting: Promise<string> | undefined;
    await withLock(path, async () => {
      waiting = withLock(path, nothing);
      for (const ticket of await untilWaiting(path, 1)) rmSync(ticket);
    });
    expect(await waiting).toBe('ran');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('the folder goes while somebody waits in it: it is made anew', async () => {
    const path = join(temporaryFolder(), 'folder', 'lock');
    let waiting: Promise<string> | undefined;
    await withLock(path, async () => {
      waiting = withLock(path, nothing);
      await untilWaiting(path, 1);
      rmSync(dirname(path), { recursive: true });
    });
    expect(await waiting).toBe('ran');
  });
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
