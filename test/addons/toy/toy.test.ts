// docs/adding-an-addon.md shows this addon, and what it shows works.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createYaml } from '../../../src/host/yaml.ts';
import { parseObjects } from '../../../src/kube/manifest.ts';
import { applyPatches } from '../../../src/kube/patch.ts';
import { at, refKey, refOf } from '../../../src/model/object.ts';
import { addonSteps } from '../../../src/plan/addon-steps.ts';
import { toy } from './index.ts';

const read = (path: string) => readFileSync(join(import.meta.dirname, path), 'utf8');
const context = { stack: 't', domain: 'localhost', ingressClass: undefined, ingressNodePort: 31080, registryPort: 5001, nodes: 1, fit: false, subnet: undefined };

test('the page shows the addon as it is', () => {
  const [, ...lines] = read('index.ts').split('\n');
  // On its page it is in src/addons/toy.
  const shown = lines.join('\n').replace('../../../src/addons/addon.ts', '../addon.ts').trim();
  expect(read('../../../docs/adding-an-addon.md')).toContain(`\`\`\`ts\n${shown}\n\`\`\``);
  expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(20);
});

test('its manifest has what it waits for, and requests what it says', () => {
  const { patches, waitFor } = toy.install(context, toy.version);
  const objects = applyPatches(parseObjects(createYaml().parseAll(read('toy.yaml'), 'toy.yaml'), 'toy.yaml'), patches);
  expect(objects.map((object) => refKey(refOf(object)))).toEqual(expect.arrayContaining(waitFor.map(refKey)));
  const echo = objects.find(({ kind }) => kind === 'Deployment');
  expect(at(echo, 'spec', 'template', 'spec', 'containers', 0, 'resources', 'requests')).toEqual({ cpu: '10m', memory: '16Mi' });
});

test('becomes two steps of a plan', () => {
  const steps = addonSteps({
    selection: { addons: [toy], versions: { toy: '1.0.0' }, notes: [] }, context, imageRules: [], installed: new Set(), cluster: 'devstack-t', after: ['cluster'], whole: [],
  });
  expect(steps.map(({ id, title, needs }) => ({ id, title, needs }))).toEqual([
    { id: 'apply:toy', title: 'Install Toy 1.0.0', needs: ['cluster'] }, { id: 'wait:toy', title: 'Wait for Toy', needs: ['apply:toy'] },
  ]);
  expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
});
