// Docker, for the tests of the templates: every thing made here has a name that starts with devstack-test-.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs docker; what it says on failure is in the error. */
export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { maxBuffer: 64 * 2 ** 20 })).stdout.trim();
}

/** Bases that the laboratory lacks, and what stands in for them: the real program in another distribution. */
const STANDINS: { readonly [base: string]: { readonly tag: string; prepare(context: string): string } } = {
  'golang:1.26-alpine': {
    tag: 'devstack-test-base-golang',
    prepare(context) {
      cpSync(execFileSync('go', ['env', 'GOROOT']).toString().trim(), join(context, 'go'), { recursive: true });
      return 'FROM python:3.13-slim\nCOPY go /usr/local/go\nENV PATH=/usr/local/go/bin:$PATH GOTOOLCHAIN=local GOFLAGS=-buildvcs=false\n';
    },
  },
  'php:8.4-cli-alpine': { tag: 'devstack-test-base-php', prepare: () => debian('php8.4-cli') },
  'valkey/valkey:8.1-alpine': { tag: 'devstack-test-base-valkey', prepare: () => debian('valkey-server') },
};

const debian = (name: string) => `FROM python:3.13-slim\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ${name} >/dev/null\n`;

/** The base itself where the engine has it, else what stands in for it. */
export async function baseFor(base: string): Promise<string> {
  const standin = STANDINS[base];
  const hasBase = await docker('image', 'inspect', base).then(() => true, () => false);
  if (standin === undefined || hasBase) return base;
  const context = mkdtempSync(join(tmpdir(), 'devstack-base-'));
  try {
    writeFileSync(join(context, 'Dockerfile'), standin.prepare(context));
    await docker('build', '--quiet', '--tag', standin.tag, context);
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
  return standin.tag;
}
