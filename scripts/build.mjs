// Bundles src into dist (CommonJS, lazy chunks, no runtime dependency) and writes what is generated from the tables of the source.
// Why CommonJS: Node 20 starts it faster than ES modules (docs/architecture.md), and dockerode reads files beside __dirname.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

const CACHE = 'node_modules/.cache/devstack-build';

/** Native, optional parts of dockerode's ssh transport: it does without them. */
const external = [/^cpu-features$/, /\.node$/];

async function bundle(input, dir, minify) {
  const build = await rolldown({ input, cwd: root, platform: 'node', external, logLevel: 'warn' });
  const { output } = await build.write({
    dir: join(root, dir), format: 'cjs', exports: 'named', minify, entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs',
  });
  await build.close();
  return output;
}

/** Names of the packages whose code is in the bundle. */
function packagesOf(output) {
  const names = new Set();
  for (const id of output.flatMap((chunk) => chunk.moduleIds ?? [])) {
    const [, name] = /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id) ?? [];
    if (name !== undefined) names.add(name.replaceAll('\\', '/'));
  }
  return [...names].sort();
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice)/i;

/** Their licences ask that their text travels with their code. */
function thirdPartyText(names) {
  const parts = names.map((name) => {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const texts = readdirSync(folder).filter((file) => LICENSE_FILE.test(file)).map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return [`${name} ${version} (${license ?? 'see its text'})`, ...texts].join('\n\n');
  });
  return `dist contains code of these packages.\n\n${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Built aside and moved into place, so that a build that is cut off leaves the old one whole. */
async function buildProgram() {
  const aside = `${CACHE}/program-${process.pid}`;
  const output = await bundle({ main: 'src/cli/main.ts' }, aside, { compress: true, mangle: false, codegen: { removeWhitespace: true } });
  writeFileSync(join(root, aside, 'package.json'), '{ "type": "commonjs" }\n');
  // dockerode reads them relative to its own code when an image is built with BuildKit.
  cpSync(join(root, 'node_modules/dockerode/lib/proto'), join(root, aside, 'chunks/proto'), { recursive: true });
  writeFileSync(join(root, aside, 'THIRD-PARTY.txt'), thirdPartyText(packagesOf(output)));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(join(root, aside), join(root, 'dist'));
  const bytes = output.reduce((sum, chunk) => sum + (chunk.code?.length ?? 0), 0);
  console.log(`built dist: ${output.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
}

/** Documentation and JSON Schema come from the same tables as the program; a test checks that what is checked in is current. */
async function writeGenerated() {
  const folder = `${CACHE}/generated`;
  await bundle({ generated: 'scripts/generated.ts' }, folder, false);
  const { generatedFiles } = require(join(root, folder, 'generated.cjs'));
  for (const [path, text] of Object.entries(await generatedFiles(root))) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

try {
  await buildProgram();
  // Not in tests: they are to see whether what is checked in is current.
  if (!process.argv.includes('--program-only')) await writeGenerated();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
