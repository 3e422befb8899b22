// Completion: the words themselves, and real shells that ask for them.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, stackFacts } from './harness.ts';

async function wordsFor(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run(['__complete', '--', ...words], { useCases: { stacks: async () => stackFacts('dev', 'lab') } });
  return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t')[0] ?? '');
}

describe('words', () => {
  test('commands', async () => {
    expect(await wordsFor('stat')).toEqual(['status']);
    expect(await wordsFor('')).toContain('up');
    expect(await wordsFor('')).not.toContain('__complete');
    expect(await wordsFor('-')).toEqual(['--help', '--version']);
  });

  test('flags of the command and of all', async () => {
    expect(await wordsFor('up', '--n')).toEqual(['--name', '--nodes', '--node-image', '--no-fit']);
    expect(await wordsFor('status', '--')).toEqual(['--json', '--help']);
  });

  test('values of flags, in every form', async () => {
    expect(await wordsFor('env', '--shell', 'f')).toEqual(['fish']);
    expect(await wordsFor('env', '--shell=f')).toEqual(['--shell=fish']);
    expect(await wordsFor('up', '--ingress', 'kou')).toEqual(['kourier']);
    expect(await wordsFor('up', '--with', 'knative-serving,knative-ev')).toEqual(['knative-serving,knative-eventing']);
    expect(await wordsFor('up', '--port', '')).toEqual([]);
  });

  test('arguments: presets, shells, stacks that exist', async () => {
    expect(await wordsFor('up', '--port', '80', 'k')).toEqual(['knative']);
    expect(await wordsFor('down', '')).toEqual(['dev', 'lab']);
    expect(await wordsFor('down', 'dev', '')).toEqual([]);
    expect(await wordsFor('help', 'com')).toEqual(['compare', 'completion']);
  });

  test('no engine, no complaint', async () => {
    const result = await run(['__complete', '--', 'down', ''], { useCases: { stacks: async () => { throw new Error('no engine'); } } });
    expect(result).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('shells that drop empty words say so', async () => {
    expect((await run(['__complete', '--new-word', '--', 'env', '--shell'])).stdout.split('\n')[0]).toBe('sh\tform of the lines; without it $SHELL decides');
  });
});

/** A devstack that answers __complete like the real one and notes what it was asked. */
const FAKE = `#!/bin/sh
[ "$1" = __complete ] || exit 9
shift 2
printf '%s\\n' "$#:$*" >> "$DEVSTACK_TEST_LOG"
case "$*" in
  "env --shell=f") printf -- '--shell=fish\\tform\\n' ;;
  "down ") printf 'dev\\tstack\\nlab\\tstack\\n' ;;
  *) printf 'status\\twhat exists: now\\nstop:now\\tx\\n' ;;
esac
`;

const isInstalled = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined;

describe('shells', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'devstack-test-completion-'));
    await writeFile(join(folder, 'devstack'), FAKE);
    await chmod(join(folder, 'devstack'), 0o755);
    env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder, DEVSTACK_TEST_LOG: join(folder, 'log'), TERM: 'xterm' };
    for (const shell of ['bash', 'zsh', 'fish']) await writeFile(join(folder, `${shell}.script`), (await run(['completion', shell])).stdout);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function bash(line: string): readonly string[] {
    const program = `eval "$(cat ${folder}/bash.script)"; COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}; _devstack; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', program], { env, encoding: 'utf8' }).split('\n').filter((word) => word !== '');
  }

  test('bash', () => {
    expect(bash('devstack st')).toEqual(['status', 'stop:now']);
    expect(bash('devstack down ')).toEqual(['dev', 'lab']);
    // bash replaces only what stands behind the =.
    expect(bash('devstack env --shell=f')).toEqual(['fish']);
    const twice = `eval "$(cat ${folder}/bash.script)"; eval "$(cat ${folder}/bash.script)"; complete -p devstack`;
    expect(execFileSync('bash', ['--norc', '-c', twice], { env, encoding: 'utf8' })).toContain('-F _devstack devstack');
  });

  test.skipIf(!isInstalled('zsh'))('zsh', () => {
    const program = `autoload -Uz compinit; compinit -u -D; eval "$(cat ${folder}/zsh.script)"; _describe() { print -rl -- \${(P)4}; }; words=(devstack st); CURRENT=2; _devstack`;
    expect(execFileSync('zsh', ['-f', '-c', program], { env, encoding: 'utf8' })).toBe('status:what exists: now\nstop\\:now:x\n');
  });

  test.skipIf(!isInstalled('fish'))('fish', () => {
    const program = `source ${folder}/fish.script; complete -C 'devstack down '`;
    expect(execFileSync('fish', ['--no-config', '-c', program], { env, encoding: 'utf8' })).toBe('dev\tstack\nlab\tstack\n');
  });
});
