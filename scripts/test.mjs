// npm test: everything that this machine can test, and a plain word about what it cannot. Ends with vitest's own counts.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, runNode, setUp } from './setup.mjs';

const REPORT = join(root, 'node_modules/.cache/devstack-test/report.json');

/** Tier → what it needs, besides Node. */
const TIERS = [
  { name: 'unit' },
  { name: 'api', variable: 'KUBEBUILDER_ASSETS', needs: 'a folder with kube-apiserver and etcd' },
  { name: 'e2e', variable: 'DEVSTACK_LAB', needs: 'the laboratory: a Docker engine where tests may make clusters' },
];

const isSet = (variable) => (process.env[variable] ?? '') !== '';
const bin = (name) => join(root, 'node_modules', name);

async function check(name, args) {
  const code = await runNode(args);
  console.error(code === 0 ? `✔ ${name}` : `✖ ${name} (exit code ${code})`);
  return code === 0;
}

/** Tests of the laboratory that did not run although it is there. */
function skippedEndToEnd() {
  if (!existsSync(REPORT)) return ['no report was written'];
  const files = JSON.parse(readFileSync(REPORT, 'utf8')).testResults.filter((file) => file.name.endsWith('.e2e.test.ts'));
  const tests = files.flatMap((file) => file.assertionResults.map((test) => ({ ...test, file: file.name })));
  if (tests.length === 0) return ['no end-to-end test was found'];
  return tests.filter((test) => test.status !== 'passed' && test.status !== 'failed').map((test) => `${test.file.slice(root.length + 1)}: ${test.fullName}`);
}

await setUp();
const sound = [await check('types', [bin('typescript/bin/tsc'), '--noEmit']), await check('lint', [bin('@biomejs/biome/bin/biome'), 'check', '.'])].every(Boolean);

const runnable = TIERS.filter((tier) => tier.variable === undefined || isSet(tier.variable));
for (const tier of TIERS.filter((candidate) => !runnable.includes(candidate))) console.error(`- ${tier.name} tests do not run here: ${tier.variable} is not set (${tier.needs})`);

rmSync(REPORT, { force: true });
mkdirSync(join(REPORT, '..'), { recursive: true });
const projects = runnable.flatMap((tier) => ['--project', tier.name]);
const extra = process.argv.slice(2);
const tested = await runNode([bin('vitest/vitest.mjs'), 'run', ...projects, '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...extra]);

// With the laboratory at hand a test that does not run is a hole. Only the whole suite can be judged so.
const holes = isSet('DEVSTACK_LAB') && extra.length === 0 ? skippedEndToEnd() : [];
for (const hole of holes) console.error(`✖ skipped in the laboratory: ${hole}`);
if (!sound) console.error('✖ types or lint failed: see above');
process.exitCode = tested !== 0 ? tested : sound && holes.length === 0 ? 0 : 1;
