// What `npm run try` and `npm test` do first: dependencies and build, each only when it is missing or old. Plain Node, no packages.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const MINIMUM_NODE = [20, 19];

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  console.error(`devstack needs Node ${MINIMUM_NODE.join('.')} or newer, this is ${process.versions.node}. Get one from https://nodejs.org`);
  process.exit(3);
}

/** Runs a program in the root and resolves with its exit code. It gets our signals; we wait for its end. */
export function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env, shell: process.platform === 'win32' && command === 'npm' });
    // A terminal sends Ctrl-C to the child as well: it stops cleanly and says so, and we must still be there to return its code.
    const stay = () => undefined;
    const forward = () => child.kill('SIGTERM');
    process.on('SIGINT', stay).on('SIGTERM', forward);
    const end = (code) => {
      process.off('SIGINT', stay).off('SIGTERM', forward);
      resolve(code);
    };
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      end(127);
    });
    child.on('exit', (code, signal) => end(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

export const runNode = (args, env) => run(process.execPath, args, env);

function npm(args) {
  const program = process.env.npm_execpath;
  return program === undefined ? run('npm', args) : runNode([program, ...args]);
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

function newestIn(folder) {
  return Math.max(0, ...readdirSync(folder, { recursive: true }).map((name) => modifiedAt(join(folder, String(name)))));
}

/** npm writes its own record last, so an install that was cut off is done again. */
function isInstalled() {
  return modifiedAt(join(root, 'node_modules/.package-lock.json')) >= modifiedAt(join(root, 'package-lock.json'));
}

function isBuilt() {
  const sources = Math.max(newestIn(join(root, 'src')), modifiedAt(join(root, 'scripts/build.mjs')), modifiedAt(join(root, 'package-lock.json')));
  return modifiedAt(join(root, 'dist/main.cjs')) >= sources;
}

/** Ends the process with the code of what failed. */
async function must(what, work) {
  console.error(`› ${what}`);
  const code = await work();
  if (code !== 0) {
    console.error(`${what} failed (exit code ${code})`);
    process.exit(code);
  }
}

export async function setUp() {
  requireNode();
  if (!isInstalled()) await must('npm ci', () => npm(['ci', '--no-audit', '--no-fund']));
  if (!isBuilt()) await must('build', () => runNode(['scripts/build.mjs', '--program-only']));
}
