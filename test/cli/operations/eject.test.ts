// What eject shows for each template and for a bare folder: the same manifests that deploy reads, with the images that deploy would build.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ejectApp } from '../../../src/cli/operations/eject.ts';
import { createFiles } from '../../../src/host/files.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import { at, isKubeObject } from '../../../src/model/object.ts';
import { listTemplates } from '../../../src/scaffold/template.ts';
import { fakePorts } from '../../fakes/ports.ts';

const TEMPLATES = join(import.meta.dirname, '../../../templates');
const templates = await listTemplates(TEMPLATES, createFiles());
const yaml = createYaml();

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'devstack-eject-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

const ports = () => fakePorts({
  files: createFiles(), yaml, folders: { state: folder, cache: folder, config: folder }, platform: { os: 'linux', arch: 'amd64', cpus: 2, memoryMi: 4096 },
});
const eject = (source: string, kind?: 'knative' | 'deployment' | 'swarm') => (
  ejectApp(ports(), TEMPLATES, { source, cwd: folder, kind, port: undefined })
);

describe.each(templates.flatMap(({ id, app }) => app.kinds.flatMap((kind) => (kind === 'compose' ? [] : [[id, kind] as const]))))('%s as %s', (id, kind) => {
  test('is the manifest of the template, with what deploy would build', async () => {
    const { text, builds, file } = await eject(id, kind);
    expect(file).toBe(kind === 'swarm' ? 'stack.yml' : `${kind}.yaml`);
    for (const { image } of builds) expect(text).toContain(`image: ${image}`);
    expect(text).not.toMatch(/dev\.local\/\S+:dev\b/);
    expect(text).toMatch(/^#/m);
    if (kind !== 'swarm') for (const object of yaml.parseAll(text, file)) expect(isKubeObject(object)).toBe(true);
  });
});

describe('a folder with just a Dockerfile', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'app'));
    await writeFile(join(folder, 'app', 'Dockerfile'), 'FROM busybox:1.37\n');
  });

  test('gets a manifest that is whole, and says no namespace', async () => {
    const knative = yaml.parseAll((await eject('app')).text, 'knative.yaml');
    expect(knative).toMatchObject([{ kind: 'Service', metadata: { name: 'app' }, spec: { template: { spec: { containers: [{ image: expect.stringMatching(/^dev\.local\/app:[0-9a-f]{12}$/) }] } } } }]);
    const deployment = yaml.parseAll((await eject('app', 'deployment')).text, 'deployment.yaml');
    expect(deployment.map((object) => at(object, 'kind'))).toEqual(['Deployment', 'Service']);
    for (const object of [...knative, ...deployment]) expect(at(object, 'metadata', 'namespace')).toBeUndefined();
    expect(yaml.parseAll((await eject('app', 'swarm')).text, 'stack.yml')).toMatchObject([{ services: { app: { ports: [{ target: 8080 }] } } }]);
  });
});

test('what an app cannot be is refused, not made up', async () => {
  await expect(eject('event-logger', 'deployment')).rejects.toMatchObject({ code: 'kind-unsupported' });
});
