// Runs the built CLI as a user does, in a home of its own, and reads what it says.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type ProcessPromise, $ as zx } from 'zx';

const BIN = resolve(import.meta.dirname, '../../bin/devstack.js');

/** A kubeconfig of somebody else, with what a careless writer would lose. */
export const FOREIGN_KUBECONFIG = `# keep me
apiVersion: v1
kind: Config
current-context: elsewhere
clusters:
- name: elsewhere   # a comment
  cluster: {server: "https://127.0.0.1:1"}
contexts:
- {name: elsewhere, context: {cluster: elsewhere, user: nobody}}
users: []
x-unknown: {kept: true}
`;

export interface Home {
  readonly directory: string;
  readonly userKubeconfig: string;
  readonly env: NodeJS.ProcessEnv;
  remove(): Promise<void>;
}

/**
 * The cache is shared with the machine, as on a real one; state, config and the user's kubeconfig are the test's own. A stack that is
 * named is not there at the beginning, and taken away with the home.
 */
export async function makeHome(stack?: string): Promise<Home> {
  const directory = await mkdtemp(join(tmpdir(), 'devstack-test-home-'));
  const userKubeconfig = join(directory, '.kube', 'config');
  await mkdir(join(directory, '.kube'), { recursive: true });
  await writeFile(userKubeconfig, FOREIGN_KUBECONFIG);
  const { KUBECONFIG: _, ...ambient } = process.env;
  const home: Home = {
    directory, userKubeconfig,
    env: { ...ambient, HOME: directory, CI: '1', XDG_STATE_HOME: join(directory, 'state'), XDG_CONFIG_HOME: join(directory, 'config') },
    async remove() {
      if (stack !== undefined) await devstack(home, 'down', stack, '--yes');
      await rm(directory, { recursive: true, force: true });
    },
  };
  if (stack !== undefined) await devstack(home, 'down', stack, '--yes');
  return home;
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout as JSON, for `--json`. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the CLI printed
  readonly result: any;
}

export function start(home: Home, args: readonly string[]): ProcessPromise {
  return zx({ env: home.env, cwd: home.directory, quiet: true, nothrow: true })`${process.execPath} ${BIN} ${args}`;
}

export async function devstack(home: Home, ...args: string[]): Promise<Outcome> {
  const output = await start(home, args);
  const last = output.stdout.trim().split('\n').at(-1) ?? '';
  return {
    exitCode: output.exitCode ?? -1, stdout: output.stdout, stderr: output.stderr,
    get result() { return JSON.parse(last); },
  };
}

/** Everything in Docker whose name begins so: what a stack may leave behind. */
export async function dockerThings(prefix: string): Promise<readonly string[]> {
  const run = zx({ quiet: true });
  const [containers, networks, volumes] = await Promise.all([
    run`docker ps -a --format {{.Names}}`, run`docker network ls --format {{.Name}}`, run`docker volume ls --format {{.Name}}`,
  ]);
  return [containers, networks, volumes].flatMap((output) => output.stdout.split('\n')).filter((name) => name.startsWith(prefix));
}
