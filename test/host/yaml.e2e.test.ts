// The real kubectl, asked how it reads plain scalars: devstack must read manifests as kubectl does.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createYaml } from '../../src/host/yaml.ts';
import { temporaryFolder } from './folder.ts';

const SCALARS = [
  'yes', 'No', 'ON', 'off', 'y', 'N', 'true', 'False', '~', 'null', 'Null', '0400', '-0400', '0o17', '-0o17', '0x1F', '0x_F', '0b11', '0b2', '09', '0_7', '1_000', '1__0', '_1',
  '+1', '1:30', '190:20:30', '2001-01-01', '2001-12-14t21:59:43.10-05:00', '1e3', '1e+3', '.5', '-.5', '1.', '08.5', '012e1', '1_0.5', '.', '-', '-.', '=', '1.2.3', '0.33.0', '0755x', 'e3', '1e', '0x', '0o', '0o8',
];

test.skipIf(process.env['DEVSTACK_LAB'] === undefined)('plain scalars mean what they mean to kubectl (needs DEVSTACK_LAB)', () => {
  const text = `apiVersion: v1\nkind: Config\nextensions:\n- name: a\n  extension:\n    list:\n${SCALARS.map((scalar) => `    - ${scalar}\n`).join('')}`;
  const path = join(temporaryFolder(), 'config');
  writeFileSync(path, text);
  const view = JSON.parse(execFileSync('kubectl', ['config', 'view', '--raw', '-o', 'json', '--kubeconfig', path], { encoding: 'utf8' })) as { extensions: [{ extension: { list: unknown[] } }] };
  const ours = createYaml().parseAll(text, path)[0] as unknown as typeof view;
  const differing = SCALARS.flatMap((scalar, index) => {
    const [theirs, mine] = [view, ours].map(({ extensions: [{ extension }] }) => JSON.stringify(extension.list[index]));
    return theirs === mine ? [] : [`${scalar}: kubectl ${theirs}, devstack ${mine}`];
  });
  expect(differing).toEqual([]);
});
