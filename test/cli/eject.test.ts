// devstack eject and devstack images: at the rim of main().
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UseCases } from '../../src/cli/use-cases.ts';
import { lastLine, run } from './harness.ts';

let cwd: string;
beforeEach(async () => { cwd = await mkdtemp(join(tmpdir(), 'devstack-test-cli-')); });
afterEach(() => rm(cwd, { recursive: true, force: true }));

describe('eject', () => {
  const useCases: Partial<UseCases> = {
    eject: async ({ cwd: folder }) => ({
      app: 'clock', kind: 'knative', file: 'knative.yaml', text: 'kind: Service\n',
      builds: [{ image: 'dev.local/clock:0123456789ab', folder: join(folder, 'my app'), dockerfile: 'Dockerfile', buildArgs: {}, arch: 'amd64' }],
    }),
  };
  const manifest = `# clock as a Knative service, by hand:
#   docker build --tag dev.local/clock:0123456789ab 'my app'
#   devstack images load dev.local/clock:0123456789ab
#   kubectl apply --namespace default --filename knative.yaml
kind: Service
`;

  test('shows the manifest and the way to use it', async () => {
    expect(await run(['eject'], { cwd, useCases })).toMatchObject({ code: 0, stdout: manifest });
  });

  test('writes it, and never over what is there', async () => {
    const path = join(cwd, 'out', 'knative.yaml');
    expect((await run(['eject', '--to', 'out'], { cwd, useCases })).stdout).toContain('wrote out/knative.yaml');
    expect(await readFile(path, 'utf8')).toBe(manifest.replace('filename knative.yaml', 'filename out/knative.yaml'));
    await writeFile(path, 'mine');
    const again = await run(['eject', '--to', 'out', '--json'], { cwd, useCases });
    expect(again.code).toBe(2);
    expect(lastLine(again)).toMatchObject({ error: { code: 'file-exists' } });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('knows the kinds', async () => {
    expect(await run(['eject', '--as', 'helm'], { cwd, useCases })).toMatchObject({ code: 2, stderr: expect.stringContaining('knative, deployment, swarm') });
  });
});

describe('images', () => {
  test('load says what went in and what was there', async () => {
    const useCases: Partial<UseCases> = { loadImages: async (stack) => ({ stack: stack ?? 'dev', loaded: ['a:1'], present: ['b:2'] }) };
    const result = await run(['images', 'load', 'a:1', 'b:2'], { useCases });
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/a:1 is in the nodes of dev\n {2}b:2 was there already\n$/) });
  });

  test.each([[['images']], [['images', 'load']], [['images', 'push', 'a']]])('%j is told how to go on', async (argv) => {
    expect((await run(argv)).code).toBe(2);
  });
});
