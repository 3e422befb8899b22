// A disk that is really full, and one that is really read-only: a small tmpfs, mounted by the test.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { openJournal } from '../../src/state/journal.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { artifactsWorld, sha256 } from '../artifacts/world.ts';
import { serve } from '../fakes/file-server.ts';
import { steppedClock } from '../fakes/ports.ts';
import { temporaryFolder } from '../host/folder.ts';
import { BY_HAND, ownKubeconfig } from './kubeconfig-texts.ts';

const FULL = { code: 'disk-full', exit: 3, hints: [{ command: expect.stringContaining('df -h') }] };

function smallDisk(): string {
  const folder = temporaryFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  return folder;
}

/** Takes all but `blocks` of 4 KiB. */
function fill(folder: string, blocks: number): void {
  const free = statfsSync(folder).bavail - blocks;
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(free * 4096));
}

const temporaries = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name.endsWith('.tmp') || name.endsWith('.lock'));

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a read-only disk (needs DEVSTACK_LAB)', () => {
  test('is told with a command, by files, locks, downloads and the kubeconfig', async () => {
    const folder = smallDisk();
    mkdirSync(join(folder, '.kube'));
    writeFileSync(join(folder, '.kube', 'config'), BY_HAND);
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    const files = createFiles();
    const told = { code: 'file-read-only', exit: 3, hints: [{ command: expect.any(String) }] };
    await expect(files.write(join(folder, 'file'), 'x')).rejects.toMatchObject(told);
    await expect(files.withLock(join(folder, 'lock'), async () => 'ran')).rejects.toMatchObject(told);
    const { artifacts } = artifactsWorld({}, folder);
    await expect(artifacts.fetch({ name: 'a', url: 'http://127.0.0.1:1/a', sha256: sha256('a') })).rejects.toMatchObject(told);
    const kubeconfigs = createKubeconfigs({ env: {}, files, yaml: createYaml(), folders: { state: temporaryFolder() }, home: () => folder });
    await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
    await expect(kubeconfigs.merge('dev', { use: true })).rejects.toMatchObject(told);
    expect(readFileSync(join(folder, '.kube', 'config'), 'utf8')).toBe(BY_HAND);
  });
});

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a full disk (needs DEVSTACK_LAB)', () => {
  test('write: the file is as before, and no temporary is left', async () => {
    const folder = smallDisk();
    const files = createFiles();
    await files.write(join(folder, 'file'), 'before');
    fill(folder, 2);
    await expect(files.write(join(folder, 'file'), 'x'.repeat(50_000))).rejects.toMatchObject(FULL);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('before');
    expect(temporaries(folder)).toEqual([]);
  });

  test.each([0, 1, 2, 3])('kubeconfig, with room for %i blocks: as before or as after', async (blocks) => {
    const home = smallDisk();
    const state = temporaryFolder();
    const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml: createYaml(), folders: { state }, home: () => home });
    await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
    mkdirSync(join(home, '.kube'));
    const config = join(home, '.kube', 'config');
    const before = `${BY_HAND}\n${'# padding\n'.repeat(500)}`;
    writeFileSync(config, before);
    fill(home, blocks);
    const result: unknown = await kubeconfigs.merge('dev', { use: true }).catch((cause: unknown) => cause);
    if (result instanceof Error) {
      expect(result).toMatchObject(FULL);
      expect(readFileSync(config, 'utf8')).toBe(before);
    }
    expect(temporaries(join(home, '.kube'))).toEqual([]);
    rmSync(join(home, 'ballast'));
    await kubeconfigs.merge('dev', { use: true });
    await kubeconfigs.unmerge('dev');
    expect(readFileSync(config, 'utf8')).toBe(before);
  });

  test('download: told, its part is removed, and it works when there is room', async () => {
    const content = 'x'.repeat(100_000);
    const server = await serve((_, response) => response.end(content));
    const folder = smallDisk();
    fill(folder, 5);
    const { artifacts, cache } = artifactsWorld({}, folder);
    const artifact = { name: 'large', url: server.url, sha256: sha256(content) };
    await expect(artifacts.fetch(artifact)).rejects.toMatchObject(FULL);
    expect(readdirSync(join(cache, 'partial'))).toEqual([]);
    expect(existsSync(join(cache, 'sha256'))).toBe(false);
    rmSync(join(folder, 'ballast'));
    expect(readFileSync(await artifacts.fetch(artifact), 'utf8')).toBe(content);
  });

  test('journal: intent that cannot be written is an error before the effect', async () => {
    const state = smallDisk();
    const journal = await openJournal({ files: createFiles(), clock: steppedClock(), folders: { state }, pid: 1 }, 'dev', 'up');
    fill(state, 0);
    const entries = Array.from({ length: 60 }, (_, index) => ({ step: `step-${index}-${'x'.repeat(100)}`, state: 'intent' as const }));
    await expect((async () => { for (const entry of entries) await journal.record(entry); })()).rejects.toMatchObject(FULL);
  });
});
