import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createManifests } from '../../src/kube/manifests.ts';
import type { Artifacts, Files, Manifests } from '../../src/ports.ts';
import { only } from '../fakes/ports.ts';

const TEXT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ns}\ndata: {image: "gcr.io/x/y:1"}\n---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n';

describe('manifests', () => {
  let folder: string;
  let parses: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'devstack-load-'));
    writeFileSync(join(folder, 'file'), TEXT);
    parses = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function loader(files: Files = createFiles()): Manifests {
    const yaml = createYaml();
    return createManifests({
      files, artifacts: only<Artifacts>('artifacts', { fetch: async ({ url }) => join(folder, url) }),
      yaml: { ...yaml, parseAll: (text, name) => { parses += 1; return yaml.parseAll(text, name); } },
    });
  }

  const source = { artifact: { name: 'file.yaml', url: 'file' } };
  const names = async (manifests: Manifests) => (await manifests.load([source], [], [])).map((object) => object.metadata.name);

  it('are parsed once, by however many', async () => {
    const manifests = loader();
    expect(await Promise.all([names(manifests), names(manifests)])).toEqual([['a', 'ns'], ['a', 'ns']]);
    expect(parses).toBe(1);
  });

  it('are not parsed again by the next run', async () => {
    await names(loader());
    expect(await names(loader())).toEqual(['a', 'ns']);
    expect(parses).toBe(1);
  });

  it.each([
    ['was cut off', (kept: string) => kept.slice(0, -5)],
    ['was changed', (kept: string) => kept.replace('"a"', '"b"')],
    ['is of another parser', (kept: string) => kept.replace(/yaml-[\d.]+/, 'yaml-0')],
    ['is empty', () => ''],
  ])('are parsed again when what was kept %s', async (_name, spoil) => {
    await names(loader());
    const [kept] = readdirSync(folder).filter((file) => file !== 'file');
    const path = join(folder, kept ?? '');
    writeFileSync(path, spoil(readFileSync(path, 'utf8')));
    expect(await names(loader())).toEqual(['a', 'ns']);
    expect(parses).toBe(2);
  });

  it('are parsed again when the file is another', async () => {
    await names(loader());
    writeFileSync(join(folder, 'file'), TEXT.replace('name: a', 'name: z'));
    expect(await names(loader())).toEqual(['z', 'ns']);
  });

  it('do without what cannot be kept', async () => {
    const files = { ...createFiles(), write: async () => Promise.reject(new Error('disk full')) } as Files;
    expect(await names(loader(files))).toEqual(['a', 'ns']);
  });

  it('are merged with given objects, then patched, then rewritten', async () => {
    const given = { objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'ns' }, data: { image: 'gcr.io/x/z:2' } }] };
    const patch = { target: { kind: 'ConfigMap', name: 'a' }, path: ['data', 'sidecar-image'], value: 'gcr.io/p:3', why: 'the test' };
    const objects = await loader().load([source, given], [patch], [{ from: 'gcr.io/', to: 'm.test/' }]);
    expect(objects[0]).toMatchObject({ data: { image: 'm.test/x/z:2', 'sidecar-image': 'm.test/p:3' } });
  });

  it('tell a broken file by its name', async () => {
    writeFileSync(join(folder, 'file'), 'a: [');
    await expect(names(loader())).rejects.toMatchObject({ code: 'yaml-invalid', message: expect.stringContaining('file.yaml') });
    writeFileSync(join(folder, 'file'), 'a: b');
    await expect(names(loader())).rejects.toMatchObject({ code: 'manifest-invalid' });
  });
});
