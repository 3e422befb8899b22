// The manifests of every template, before a real API server with Knative's real definitions, which refuses unknown fields.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { MANIFEST_FILES } from '../../src/scaffold/app-file.ts';
import { scaffold } from '../../src/scaffold/scaffold.ts';
import { listTemplates } from '../../src/scaffold/template.ts';
import { type RealApiServer, startRealApiServer } from '../rehearsal/real-api-server.ts';

const RELEASE = 'github.com/knative';
const DEFINITIONS = [`${RELEASE}/serving/releases/download/knative-v1.23.0/serving-crds.yaml`, `${RELEASE}/eventing/releases/download/knative-v1.23.0/eventing-crds.yaml`];
const files = createFiles();
const templates = await listTemplates(join(import.meta.dirname, '../../templates'), files);
const manifests = templates.flatMap((template) => template.app.kinds.filter((kind) => kind === 'knative' || kind === 'deployment').map((kind) => [template.id, MANIFEST_FILES[kind], template] as const));

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('manifests', () => {
  const { KUBEBUILDER_ASSETS: assets = '', DEVSTACK_MIRROR: mirror = '' } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'devstack-manifests-'));
  let server: RealApiServer | undefined;
  const kubectl = (...args: string[]) => execFileSync(join(assets, 'kubectl'), args, { env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') }, stdio: 'pipe' }).toString();

  beforeAll(async () => {
    server = await startRealApiServer(assets);
    writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig(), { mode: 0o600 });
    for (const [index, path] of DEFINITIONS.entries()) {
      const answer = await fetch(`${mirror}/${path}`);
      expect(answer.status, path).toBe(200);
      writeFileSync(join(folder, `${index}.yaml`), await answer.text());
      kubectl('apply', '--server-side', '--filename', join(folder, `${index}.yaml`));
    }
    kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s');
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(manifests)('%s/%s is taken as it is', async (id, file, template) => {
    await scaffold({ template, cwd: folder, directory: `${id}-${file}`, name: id, answers: {} }, files);
    const said = kubectl('apply', '--dry-run=server', '--validate=strict', '--filename', join(folder, `${id}-${file}`, file));
    expect(said.trim().split('\n').every((line) => / created \(server dry run\)$/.test(line)), said).toBe(true);
  });

  it('a field that does not exist would have been refused', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  templat: {}\n');
    expect(() => kubectl('apply', '--dry-run=server', '--validate=strict', '--filename', join(folder, 'wrong.yaml'))).toThrow(/unknown field "spec.templat"/);
  });
});
