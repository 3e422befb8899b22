// The real kubectl reads what devstack has written, and writes the file anew between the two.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { temporaryFolder } from '../host/folder.ts';
import { COMPACT_JSON, EMPTY_LISTS, KUBECTL_STYLE, ownKubeconfig, PRETTY_JSON } from './kubeconfig-texts.ts';

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('kubectl (needs DEVSTACK_LAB)', () => {
  async function setUp(text: string) {
    const home = temporaryFolder();
    mkdirSync(join(home, '.kube'));
    const config = join(home, '.kube', 'config');
    writeFileSync(config, text);
    const kubeconfigs = createKubeconfigs({ env: {}, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state') }, home: () => home });
    await kubeconfigs.write('dev', ownKubeconfig('kind-devstack-dev'));
    const kubectl = (...args: readonly string[]): string => execFileSync('kubectl', ['config', ...args], { env: { ...process.env, HOME: home, KUBECONFIG: '' }, encoding: 'utf8' });
    const view = (): unknown => JSON.parse(kubectl('view', '--raw', '-o', 'json'));
    return { config, kubeconfigs, kubectl, view };
  }

  test.each([KUBECTL_STYLE, EMPTY_LISTS, COMPACT_JSON, PRETTY_JSON, ''])('reads the entries, and what it writes can be taken out again: %j', async (text) => {
    const { config, kubeconfigs, kubectl, view } = await setUp(text);
    const before = view();
    await kubeconfigs.merge('dev', { use: true });
    expect(kubectl('current-context').trim()).toBe('kind-devstack-dev');
    expect(kubectl('get-contexts', '-o', 'name')).toContain('kind-devstack-dev');
    expect(kubectl('view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}')).toBe('https://127.0.0.1:6443');
    kubectl('set-context', 'other', '--cluster=x', '--user=y');
    kubectl('delete-context', 'other');
    expect(readFileSync(config, 'utf8')).toContain('devstack.dev');
    expect(await kubeconfigs.unmerge('dev')).toBe(true);
    expect(view()).toEqual(before);
  });
});
