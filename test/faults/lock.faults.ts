// Many processes at one lock: none of them loses what another one counted, the dead are passed by, and how fast a lock changes hands.
// `npm run faults -- lock`. WRITERS chooses how many.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { withLock } from '../../src/host/lock.ts';

const WRITERS = Number(process.env['WRITERS'] ?? 64);
const ROUNDS = 20;
const TIMEOUT_MS = 600_000;

const folder = mkdtempSync(join(tmpdir(), 'devstack-test-lock-'));
const program = join(folder, 'counter.mjs');
const place = join(folder, 'place');
const [lock, counter] = [join(place, 'lock'), join(place, 'counter')];

beforeAll(async () => {
  const bundle = await rolldown({ input: join(import.meta.dirname, '../fixtures/host/lock-counter.ts'), platform: 'node' });
  await bundle.write({ file: program, format: 'esm' });
  await bundle.close();
}, 60_000);
beforeEach(() => {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place);
  writeFileSync(counter, '0'.padStart(10));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Counting {
  readonly child: ChildProcess;
  /** How many it says it has counted. */
  said: number;
  /** Undefined: it was killed. */
  readonly exit: Promise<number | undefined>;
}

function count(rounds: number, onLetter: () => void = () => undefined): Counting {
  const child = spawn(process.execPath, [program, lock, counter, String(rounds)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'close').then(([code]: (number | null)[]) => code ?? undefined);
  const counting: Counting = { child, said: 0, exit };
  child.stdout.on('data', (letters: Buffer) => {
    counting.said += letters.length;
    onLetter();
  });
  return counting;
}

const counted = (): number => Number(readFileSync(counter, 'utf8'));
const many = <T>(work: (index: number) => T): readonly T[] => Array.from({ length: WRITERS }, (_, index) => work(index));

function holder(): number | undefined {
  try {
    return (JSON.parse(readFileSync(lock, 'utf8')) as { readonly pid: number }).pid;
  } catch {
    return undefined;
  }
}

test('a quarter is killed, while they hold it and while they wait: nothing of the others is lost, and they go on', async () => {
  const victims = new Set<Counting>();
  let [asHolder, inLine] = [0, 0];
  const kill = (): void => {
    const pid = holder();
    // In turns: the one that holds it right now, if it is to die, and one that waits.
    const victim = asHolder <= inLine ? [...victims].find(({ child }) => child.pid === pid) : [...victims].find(({ child }) => child.pid !== pid);
    if (victim === undefined) return;
    victims.delete(victim);
    victim.child.kill('SIGKILL');
    if (victim.child.pid === pid) asHolder += 1; else inLine += 1;
  };
  const all = many(() => count(ROUNDS, kill));
  for (const one of all.filter((_, index) => index % 4 === 0)) victims.add(one);
  const exits = await Promise.all(all.map(({ exit }) => exit));
  const said = all.reduce((sum, one) => sum + one.said, 0);
  const killed = exits.filter((code) => code === undefined).length;
  console.log(`lock: ${WRITERS} processes, ${killed} killed (${asHolder} as they held it): ${said} told, ${counted()} counted`);
  expect(exits.filter((code) => code !== undefined && code !== 0)).toEqual([]);
  // Killed between the counting and the telling.
  expect(counted() - said).toBeGreaterThanOrEqual(0);
  expect(counted() - said).toBeLessThanOrEqual(killed);
  await withLock(lock, async () => undefined);
  expect(readdirSync(place)).toEqual(['counter']);
}, TIMEOUT_MS);

test('how fast it changes hands, beside one process that has it to itself', async () => {
  /** From the first letter to the last: to start many processes takes longer than all they do. */
  const rate = async (start: (onLetter: () => void) => readonly Counting[]): Promise<number> => {
    const times: number[] = [];
    await Promise.all(start(() => times.push(performance.now())).map(({ exit }) => exit));
    return (WRITERS * ROUNDS * 1000) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
  };
  const alone = await rate((onLetter) => [count(WRITERS * ROUNDS, onLetter)]);
  const together = await rate((onLetter) => many(() => count(ROUNDS, onLetter)));
  const handsMs = 1000 / together - 1000 / alone;
  console.log(`lock: one process has ${Math.round(alone)} turns a second; among ${WRITERS} processes it takes ${handsMs.toFixed(1)} ms to change hands`);
  expect(counted()).toBe(2 * WRITERS * ROUNDS);
}, TIMEOUT_MS);
