// A. Death and signals. C. Two at once.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupt.ts';
import { createFiles } from '../../../src/host/files.ts';
import { withLock } from '../../../src/host/lock.ts';
import { createProcesses } from '../../../src/host/process.ts';
import { ownIdentity } from '../../../src/host/process-identity.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import type { StackSpec } from '../../../src/model/stack.ts';
import { createKubeconfigs } from '../../../src/state/kubeconfig.ts';
import { run as runCli } from '../../cli/harness.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { BY_HAND, ownKubeconfig } from '../../state/kubeconfig-texts.ts';
import { happenings } from '../fault-kinds.ts';
import { differences, remains, stateOf, violations } from '../invariants.ts';
import { killDownAt, killUpAt } from '../kill-points.ts';
import type { Life } from '../life.ts';
import { BASE, down, reap, up, upLeashed } from '../runs.ts';
import { HOME, World } from '../world.ts';
import { type Bench, cleared, endOf, expectCode, type FaultCase, indexOf, killAt, strike, strikeAt } from './case.ts';

const MENDS = 'the next up mends it, down leaves nothing';

/** Ctrl-C at the first point of a kind. */
function interruptAt(pattern: RegExp): FaultCase['run'] {
  return async ({ full }) => {
    let life: Life | undefined;
    return strike(full, () => ({ faults: new Map([[indexOf(full, pattern), { name: 'Ctrl-C', meanwhile: () => life?.stop.abort() }]]), born: (born) => { life = born; } }));
  };
}

function interrupts(receive: (interrupts: Interrupts, expire: () => void) => void): string {
  const log: string[] = [];
  let late: () => void = () => undefined;
  const watched = new Interrupts({ abort: () => log.push('abort'), say: () => log.push('say'), exit: (code) => log.push(`exit ${code}`), after: (_ms, work) => { late = work; return () => undefined; } });
  receive(watched, () => late());
  return log.join(', ');
}

async function killedEverywhere({ base }: Bench, pattern: RegExp): Promise<string> {
  let count = 0;
  for (const [index, point] of base.points.entries()) {
    if (!pattern.test(point)) continue;
    expect((await killUpAt(base, index)).violations, point).toEqual([]);
    count += 1;
  }
  return `${count} points mended`;
}

async function lockOf(record: object): Promise<string> {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, JSON.stringify({ ...(await ownIdentity()), token: '0123456789abcdef01234567', ...record }));
  return path;
}

const named = (name: string): StackSpec => ({ ...BASE, name, cluster: `devstack-${name}` });

export const deathCases: readonly FaultCase[] = [
  { number: 1, fault: 'SIGINT during download', injected: 'abort at the first fetch', expected: MENDS, run: interruptAt(/^artifacts fetch/) },
  { number: 2, fault: 'SIGINT during cluster create', injected: 'abort when the node is made', expected: MENDS, run: interruptAt(/^kind: node made/) },
  { number: 3, fault: 'SIGINT during apply', injected: 'abort at a Deployment', expected: MENDS, run: interruptAt(/^kube PATCH .*deployments/) },
  { number: 4, fault: 'SIGINT during wait', injected: 'abort at a watch', expected: MENDS, run: interruptAt(/^kube WATCH .*apps/) },
  { number: 5, fault: 'SIGINT twice', injected: 'two signals', expected: 'abort, then the end at once', run: async () => { const seen = interrupts((all) => { all.receive('SIGINT'); all.receive('SIGINT'); }); expect(seen).toBe('abort, say, exit 130'); return seen; } },
  {
    number: 6, fault: 'SIGTERM, then kill', injected: 'abort, killed 5 calls later', expected: MENDS, run: async ({ full }) => {
      let life: Life | undefined;
      const at = indexOf(full, /^kube PATCH .*deployments/);
      return strike(full, () => ({ killAt: at + 5, faults: new Map([[at, { name: 'SIGTERM', meanwhile: () => life?.stop.abort() }]]), born: (born) => { life = born; } }));
    },
  },
  { number: 7, fault: 'kill -9 at every journal write', injected: 'before, in the middle of and after each line', expected: MENDS, run: (bench) => killedEverywhere(bench, /^append .*journal/) },
  { number: 8, fault: 'kill -9 between "container created" and "journalled"', injected: 'killed when the node is made', expected: MENDS, run: killAt(/^kind: node made/) },
  { number: 8, fault: 'kill -9 while the engine still makes the container', injected: 'killed before it is listed', expected: MENDS, run: killAt(/^kind: node is being made/) },
  { number: 9, fault: 'kill -9 while holding the lock of the kubeconfig', injected: 'killed in the middle of the write', expected: MENDS, run: killAt(/^write .*\.kube\/config, half/) },
  { number: 9, fault: 'kill -9 while holding the lock of the stack', injected: 'killed right behind it', expected: MENDS, run: ({ base }) => strike(base, () => ({ killAt: indexOf(base, /^lock .*locks\/dev/) + 1 })) },
  { number: 10, fault: 'OOM kill of the CLI', injected: 'killed in the middle of an apply', expected: MENDS, run: killAt(/^kube PATCH .*statefulsets/) },
  { number: 11, fault: 'SIGHUP, terminal closed', injected: 'signal, and a stop that hangs', expected: 'abort, end after 5 s', run: async () => { const seen = interrupts((all, expire) => { all.receive('SIGHUP'); expire(); }); expect(seen).toBe('abort, say, exit 129'); return seen; } },
  { number: 12, fault: 'SIGPIPE: devstack up | head -1', injected: 'nobody reads', expected: 'abort without a word', run: async () => { const seen = interrupts((all, expire) => { all.abandon(); expire(); }); expect(seen).toBe('abort, exit 141'); return seen; } },
  { number: 13, fault: 'SIGSTOP for ten minutes', injected: 'the clock is ten minutes on', expected: MENDS, run: strikeAt(/^kube PATCH .*deployments/, (world) => ({ name: 'stopped', meanwhile: () => { world.time += 600_000; } })) },
  {
    number: 14, fault: 'parent of CI killed', injected: 'devstack run killed', expected: 'its reaper removes all', run: async ({ base }) => {
      const world = new World(base.empty);
      await upLeashed(world, { killAt: indexOf(base, /^kind: node made/) + 8 }, { parent: 'self' });
      expect((await reap(world)).said).toBe('removed');
      expect(remains(world)).toEqual([]);
      return 'removed';
    },
  },
  { number: 15, fault: 'a child that ignores SIGTERM', injected: 'a shell with a trap', expected: 'killed after the grace', run: () => expectCode('tool-timeout', () => createProcesses({ PATH: '/bin:/usr/bin' }, { graceMs: 50 }).run('sh', ['-c', "trap '' TERM; sleep 60"], { timeoutMs: 100 })) },
  { number: 16, fault: 'a child that dies by a signal', injected: 'kill -KILL $$', expected: 'exit code 137', run: async () => { const { exitCode } = await createProcesses({ PATH: '/bin:/usr/bin' }).run('sh', ['-c', 'kill -KILL $$']); expect(exitCode).toBe(137); return String(exitCode); } },
  { number: 16, fault: 'kind dies with 137', injected: 'kind ends in the middle', expected: MENDS, run: strikeAt(/^kind: control plane up/, () => ({ name: 'killed', before: () => new Error('exit status 137') })) },
  { number: 17, fault: 'an uncaught exception', injected: 'a use case throws a TypeError', expected: 'exit 70 and a log', run: async () => { const { code, stderr } = await runCli(['up', 'base', '--yes'], { useCases: { up: async () => { throw new TypeError('x is not a function'); } } }); expect(code).toBe(70); expect(stderr).toContain('log'); return `exit ${code}`; } },
];

export const concurrencyCases: readonly FaultCase[] = [
  {
    number: 40, fault: 'two up of one name', injected: 'both at once', expected: 'the second waits, says for whom, and changes nothing', run: async ({ base }) => {
      const world = new World(base.empty);
      const [one, two] = await Promise.all([up(world, {}, BASE), up(world, {}, BASE)]);
      expect([one.exit, two.exit]).toEqual([0, 0]);
      expect(JSON.stringify([one.told, two.told])).toContain('is in the hands of');
      expect(differences(base.state, stateOf(world))).toEqual([]);
      expect([one.changed, two.changed].sort()).toEqual([0, 1]);
      await cleared(world);
      return 'one made it, the other waited';
    },
  },
  {
    number: 41, fault: 'up and down of one name', injected: 'down while kind makes the node', expected: 'down waits, then removes all', run: async ({ base }) => {
      const world = new World(base.empty);
      let second: ReturnType<typeof down> | undefined;
      const first = await up(world, { faults: new Map([[indexOf(base, /^kind: node made/), { name: 'down', meanwhile: () => { second = down(world); } }]]) }, BASE, false);
      const gone = await second;
      expect([first.exit, gone?.exit, remains(world)]).toEqual([0, 0, []]);
      return 'down waited and removed all';
    },
  },
  {
    number: 42, fault: 'six up of different names, one kubeconfig', injected: 'all at once', expected: 'all entries there, all gone after down', run: async ({ base }) => {
      const world = new World(base.empty);
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const ends = await Promise.all(names.map((name, index) => up(world, {}, { ...named(name), port: 9000 + index, portIsFixed: true })));
      expect(ends.map(endOf)).toEqual(names.map(() => 'exit 0'));
      for (const name of names) expect(world.disk.text(`${HOME}/.kube/config`)).toContain(`kind-devstack-${name}`);
      await Promise.all(names.map((name) => down(world, {}, name)));
      expect(remains(world)).toEqual([]);
      return 'six entries in, six out';
    },
  },
  {
    number: 42, fault: 'two names that want one port', injected: 'both at once', expected: 'one has it, the other another one or a clear refusal', run: async ({ base }) => {
      const world = new World(base.empty);
      await up(world, {}, named('a'));
      const other = await up(world, {}, named('b'));
      expect(other.exit).toBe(0);
      const fixed = await up(world, {}, { ...named('c'), portIsFixed: true });
      expect(fixed.code).toBe('port-taken');
      for (const name of ['a', 'b']) await down(world, {}, name);
      expect(remains(world)).toEqual([]);
      return `another port; exit ${fixed.exit} ${fixed.code}`;
    },
  },
  { number: 43, fault: 'up while somebody runs kind delete', injected: 'the node vanishes', expected: MENDS, run: strikeAt(/^kube PATCH .*deployments/, (world) => happenings(world, () => { throw new Error('not asked'); }).find(({ name }) => name === 'kind delete by hand') ?? { name: 'none' }) },
  {
    number: 44, fault: 'a person saves the kubeconfig during the merge', injected: 'written anew right behind the read', expected: 'both are in it', run: async () => {
      const home = temporaryFolder();
      const config = join(home, 'config');
      writeFileSync(config, BY_HAND);
      const plain = createYaml();
      const yaml = { ...plain, locate: (...args: Parameters<typeof plain.locate>) => {
        if (readFileSync(config, 'utf8') === BY_HAND) writeFileSync(config, `# saved meanwhile\n${BY_HAND}`);
        return plain.locate(...args);
      } };
      const kubeconfigs = createKubeconfigs({ env: { KUBECONFIG: config }, files: createFiles(), yaml, folders: { state: join(home, 'state') }, home: () => home });
      await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
      await kubeconfigs.merge('dev', { use: true });
      expect(readFileSync(config, 'utf8')).toContain('kind-devstack-dev');
      await kubeconfigs.unmerge('dev');
      expect(readFileSync(config, 'utf8')).toBe(`# saved meanwhile\n${BY_HAND}`);
      return 'both';
    },
  },
  {
    number: 45, fault: 'another tool has the name of the network', injected: 'a network devstack-dev without labels', expected: 'refused, and untouched', run: async ({ base }) => {
      const world = new World(base.empty);
      world.engine.addNetwork('devstack-dev', {});
      const first = await up(world, {}, BASE);
      expect([first.code, first.exit]).toEqual(['cluster-not-ours', 3]);
      expect((await down(world)).code).toBe('cluster-not-ours');
      expect(world.engine.networks.map(({ name }) => name)).toContain('devstack-dev');
      return endOf(first);
    },
  },
  { number: 46, fault: 'the number of a dead holder is used again', injected: 'a lock of this pid, started at another time', expected: 'taken over', run: async () => withLock(await lockOf({ started: '1' }), async () => 'taken over') },
  { number: 46, fault: 'a lock from before the reboot', injected: 'another boot of this host', expected: 'taken over', run: async () => { const { place } = await ownIdentity(); return withLock(await lockOf({ place: place.replace(/\/[^/]*\//, '/0b1c2d3e-dead-beef-dead-0123456789ab/') }), async () => 'taken over'); } },
  { number: 47, fault: 'a lock from another host', injected: 'a lock of another place', expected: 'respected, and told whose', run: async () => { const path = await lockOf({ place: 'elsewhere/x/y', host: 'elsewhere' }); return expectCode('locked', () => withLock(path, async () => '', { waitMs: 10 })); } },
  {
    number: 48, fault: 'two reapers of one stack', injected: 'a second up --ttl', expected: 'the first one lets go', run: async ({ base }) => {
      const world = new World(base.empty);
      await upLeashed(world, {}, { ttlMs: 1 });
      const first = world.started.at(-1) ?? [];
      await upLeashed(world, {}, { ttlMs: 7_200_000 });
      world.started.push(first);
      const { said } = await reap(world);
      expect(said).toBe('released');
      return said ?? '';
    },
  },
  {
    number: 49, fault: 'another version of devstack has made the stack', injected: 'a record that this version cannot read', expected: 'down finds and removes it', run: async ({ base }) => {
      const world = new World(base.empty);
      world.engine.addNetwork('devstack-dev', { 'dev.devstack.stack': 'dev', 'dev.devstack.provider': 'kind', 'dev.devstack.record': '{"v":99,"shape":[' });
      await cleared(world);
      return 'removed';
    },
  },
  {
    number: 49, fault: 'killed while it removes', injected: 'down killed at each seventh call', expected: 'a plain down ends it', run: async ({ base }) => {
      for (let index = 0; index < base.downPoints.length; index += 7) expect((await killDownAt(base, index)).violations).toEqual([]);
      return 'nothing left';
    },
  },
  {
    number: 41, fault: 'stopped by hand while it waits for another run', injected: 'abort in the queue', expected: 'exit 130, nothing made twice', run: async ({ base }) => {
      const world = new World(base.empty);
      let life: Life | undefined;
      let waiting: ReturnType<typeof up> | undefined;
      const first = await up(world, { faults: new Map([
        [indexOf(base, /^kind: node asked for/), { name: 'second up', meanwhile: () => { waiting = up(world, { born: (born) => { life = born; } }, BASE); } }],
        [indexOf(base, /^kind: storage/), { name: 'its Ctrl-C', meanwhile: () => life?.stop.abort() }],
      ]) }, BASE);
      const second = await waiting;
      expect([first.exit, second?.exit]).toEqual([0, 130]);
      if (second !== undefined) expect(await violations(world, second)).toEqual([]);
      await cleared(world);
      return 'exit 0 and exit 130';
    },
  },
];
