// devstack.yaml: what is read, what is refused, and where the problem is said to be.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stackFileJsonSchema } from '../../src/config/json-schema.ts';
import { resolve } from '../../src/config/resolve.ts';
import { readStackFile } from '../../src/config/stack-file.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { type DevstackError, isDevstackError } from '../../src/model/error.ts';

async function read(text: string | undefined, path?: string) {
  return readStackFile({ files: { readText: async () => text }, yaml: createYaml(), cwd: '/project', path, namedBy: path === undefined ? undefined : '--config' });
}

async function refusal(text: string): Promise<DevstackError> {
  const thrown = await read(text).then((layer) => resolve(layer === undefined ? [] : [layer])).catch((error: unknown) => error);
  if (!isDevstackError(thrown)) throw new Error(`expected a refusal, got ${JSON.stringify(thrown)}`);
  return thrown;
}

function problemsOf(error: DevstackError): readonly string[] {
  const problems = (error.details?.['problems'] ?? []) as readonly { readonly place: string; readonly message: string }[];
  return problems.map(({ place, message }) => `${place}: ${message}`);
}

describe('a file', () => {
  test('says everything that flags can say', async () => {
    const layer = await read([
      'version: 1', 'name: shop', 'preset: base', 'provider: kind', 'kubernetes: "1.34.4"', 'nodeImage: kindest/node:v1.34.4', 'nodes: 2', 'port: 80',
      'addons: [knative-serving]', 'ingress: kourier', 'domain: 127.0.0.1.nip.io', 'samples: [hello]', 'images: [{from: gcr.io/, to: mirror.example.com/}]',
      'mirrors: [https://mirror.example.com]', 'proxy: http://proxy:3128', 'caFile: ca.pem', 'fit: true', 'versions: {knative: "1.24.0"}', 'timeout: 1h30m',
    ].join('\n'));
    const { spec, network } = resolve([layer ?? {}]);
    expect(spec).toEqual({
      name: 'shop', preset: 'base', provider: 'kind', cluster: 'devstack-shop', kubernetes: '1.34.4', nodeImage: 'kindest/node:v1.34.4', nodes: 2, managers: 1,
      port: 80, portIsFixed: true, addons: ['knative-serving'], ingress: 'kourier', domain: '127.0.0.1.nip.io', samples: ['hello'],
      images: [{ from: 'gcr.io/', to: 'mirror.example.com/' }], fit: true, versions: { knative: '1.24.0' }, timeoutMs: 5_400_000,
    });
    expect(network).toEqual({ mirrors: ['https://mirror.example.com'], proxy: 'http://proxy:3128', caFile: '/project/ca.pem' });
  });

  test('is not needed, unless it is named', async () => {
    expect(await read(undefined)).toBeUndefined();
    await expect(read(undefined, 'other.yaml')).rejects.toMatchObject({ code: 'config-missing', exit: 2, message: '--config: there is no file other.yaml' });
  });

  test('flags win over it, it wins over the preset and the defaults', async () => {
    const layer = await read('version: 1\nport: 80\nnodes: 2\nsamples: []');
    const { spec, effective } = resolve([{ port: { value: 81, origin: '--port' } }, layer ?? {}]);
    expect(spec).toMatchObject({ port: 81, nodes: 2, samples: [], addons: ['knative-serving'] });
    expect(effective.find(({ setting }) => setting === 'nodes')).toEqual({ setting: 'nodes', value: 2, origin: 'devstack.yaml:3' });
  });
});

describe('problems', () => {
  test('are told all at once, each with its line', async () => {
    const error = await refusal('version: 1\nprot: 80\nnodes: many\nimages:\n  - from: gcr.io/\n    too: x\naddons: knative\n');
    expect(error).toMatchObject({ code: 'config-invalid', exit: 2 });
    expect(problemsOf(error)).toEqual([
      'devstack.yaml:3 nodes: must be a whole number from 1 to 9',
      'devstack.yaml:7 addons: must be a list',
      'devstack.yaml:5 images[0].to: must be text',
      'devstack.yaml:6 images[0].too: does not exist; did you mean to?',
      'devstack.yaml:2 prot: does not exist; did you mean port?',
    ]);
  });

  test('of meaning have the line and the element', async () => {
    const error = await refusal('version: 1\nname: Shop\naddons:\n  - knative-serving\n  - knative-evnting\nversions:\n  knativ: "1.0.0"\n');
    expect(problemsOf(error)).toEqual([
      'devstack.yaml:2: "Shop" cannot be a stack name: use a-z, 0-9 and -, with a letter or digit first and last',
      'devstack.yaml:5 addons[1]: unknown addon "knative-evnting"; did you mean knative-eventing?',
      'devstack.yaml:7 versions.knativ: unknown component "knativ"; did you mean knative?',
    ]);
  });

  test.each([
    ['no version', 'name: dev', 'config-version'], ['a newer version', 'version: 2', 'config-newer'], ['version as text', 'version: "1"', 'config-version'],
    ['a list', '- version: 1', 'config-invalid'], ['nothing', '', 'config-invalid'],
    ['__proto__', 'version: 1\n__proto__: {port: 1}', 'yaml-invalid'], ['constructor', 'version: 1\nconstructor: 1', 'config-unknown-key'],
    ['__proto__ inside', 'version: 1\nversions: {__proto__: "1.0.0"}', 'yaml-invalid'],
    ['a key twice', 'version: 1\nname: a\nname: b', 'yaml-invalid'], ['broken YAML', 'version: 1\nname: [', 'yaml-invalid'], ['an octal name', 'version: 1\nname: 017', 'config-invalid'],
    ['infinity', 'version: 1\nport: 1e999', 'yaml-invalid'], ['no number', 'version: 1\nport: .nan', 'yaml-invalid'], ['half a port', 'version: 1\nport: 80.5', 'config-invalid'],
    ['a version that YAML reads as a number', 'version: 1\nkubernetes: 1.30', 'config-invalid'], ['a number as time', 'version: 1\ntimeout: 10', 'config-invalid'],
    ['more than a day', 'version: 1\ntimeout: 25h', 'config-invalid'], ['101 mirrors', `version: 1\nmirrors: [${'"http://a",'.repeat(101)}]`, 'config-invalid'],
    ['depth 10,000', `version: 1\nx: ${'['.repeat(10_000)}`, 'yaml-invalid'], ['a megabyte', `#${'x'.repeat(1_000_001)}`, 'config-too-large'],
    ['an alias bomb', `version: 1\na0: &a0 x\n${Array.from({ length: 30 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`).join('\n')}`, 'yaml-invalid'],
  ])('%s is refused', async (_what, text, code) => {
    expect(await refusal(text)).toMatchObject({ exit: 2, code });
  });

  test('what YAML 1.1 would read as true is a name like any other', async () => {
    expect(resolve([await read('version: 1\nname: yes') ?? {}]).spec.name).toBe('yes');
  });
});

test('the published JSON Schema is the one of the program', async () => {
  const published = JSON.parse(await readFile(join(import.meta.dirname, '../../schema/devstack-v1.json'), 'utf8')) as unknown;
  expect(published, 'run npm run build').toEqual(stackFileJsonSchema());
});
