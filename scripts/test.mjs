// npm test: everything that this machine can test, and a plain word about what it cannot. Ends with vitest's own counts.
import { join } from 'node:path';
import { root, runNode, setUp } from './setup.mjs';

/** Tier → what it needs, besides Node. */
const TIERS = [
  { name: 'unit' },
  { name: 'api', variable: 'KUBEBUILDER_ASSETS', needs: 'a folder with kube-apiserver and etcd' },
  { name: 'e2e', variable: 'DEVSTACK_LAB', needs: 'the laboratory: a Docker engine where tests may make clusters' },
  { name: 'long', variable: 'DEVSTACK_LONG', needs: 'the laboratory, and half an hour more: addons together, nodes of a swarm' },
];

const isSet = (variable) => (process.env[variable] ?? '') !== '';
const bin = (name) => join(root, 'node_modules', name);

async function check(name, args) {
  const code = await runNode(args);
  console.error(code === 0 ? `✔ ${name}` : `✖ ${name} (exit code ${code})`);
  return code === 0;
}

await setUp();
const sound = [await check('types', [bin('typescript/bin/tsc'), '--noEmit']), await check('lint', [bin('@biomejs/biome/bin/biome'), 'check', '.'])].every(Boolean);

const runnable = TIERS.filter((tier) => tier.variable === undefined || isSet(tier.variable));
for (const tier of TIERS.filter((candidate) => !runnable.includes(candidate))) console.error(`- ${tier.name} tests do not run here: ${tier.variable} is not set (${tier.needs})`);

const projects = runnable.flatMap((tier) => ['--project', tier.name]);
const extra = process.argv.slice(2);
// Only the whole suite can be judged for holes.
const guards = isSet('DEVSTACK_LAB') && extra.length === 0 ? ['--reporter=./scripts/no-holes.mjs'] : [];
const tested = await runNode([bin('vitest/vitest.mjs'), 'run', ...projects, '--passWithNoTests', ...guards, '--reporter=default', ...extra]);

if (!sound) console.error('✖ types or lint failed: see above');
process.exitCode = tested !== 0 ? tested : sound ? 0 : 1;
