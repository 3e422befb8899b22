// What a person can type wrong, and what they are told: at the rim of main().
import { describe, expect, test } from 'vitest';
import { visibleCommands } from '../../src/cli/commands/index.ts';
import { VERSION } from '../../src/model/version.ts';
import { lastLine, run } from './harness.ts';

const commands = visibleCommands().map((entry) => entry.name);

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j shows the overview', async (argv) => {
    const result = await run(argv);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    for (const name of commands) expect(result.stdout).toContain(`\n  ${name} `);
    expect(result.stdout).not.toContain('__complete');
  });

  test.each(commands)('%s --help names its flags and examples, and is what help shows', async (name) => {
    const [byFlag, byCommand] = [await run([name, '--help']), await run(['help', name])];
    expect(byFlag.code).toBe(0);
    expect(byFlag.stdout).toBe(byCommand.stdout);
    expect(byFlag.stdout).toMatch(/^Usage: devstack /m);
    expect(byFlag.stdout).toContain('Examples');
    expect(byFlag.stdout).toContain('--json');
  });

  test.each([60, 80, 120])('fits a terminal of %i columns', async (columns) => {
    for (const argv of [['help'], ['help', 'up']]) {
      const { stdout } = await run(argv, { isTerminal: true, columns, env: { NO_COLOR: '1' } });
      for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  test('has colours in a terminal, and none with NO_COLOR', async () => {
    expect((await run(['help'], { isTerminal: true })).stdout).toContain('\u001b[');
    expect((await run(['help'], { isTerminal: true, env: { NO_COLOR: '1' } })).stdout).not.toContain('\u001b[');
  });
});

describe('version', () => {
  test.each([['--version'], ['-V'], ['version']])('%s is one line', async (word) => {
    expect(await run([word])).toMatchObject({ code: 0, stdout: `devstack ${VERSION}\n`, stderr: '' });
  });

  test('--json has the pin of everything that is installed', async () => {
    const { pins } = lastLine(await run(['version', '--json'])) as { pins: { [id: string]: { artifacts: readonly { url: string; sha256: string }[] } } };
    expect(pins['knative-serving']?.artifacts[0]).toMatchObject({ url: expect.stringMatching(/^https:/), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe('wrong words', () => {
  test('an unknown command is told with the one that was meant', async () => {
    const result = await run(['statsu']);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatchInlineSnapshot(`
      "error: there is no command "statsu"
        next: did you mean status?
              $ devstack status
      "
    `);
  });

  test('all wrong flags are told at once, each with its place', async () => {
    const result = await run(['up', 'knative', '--prot', '80', '--timeout', 'soon', '--port', '99999', '--name'], { env: { DEVSTACK_NODES: 'many' } });
    expect(result.code).toBe(2);
    expect(result.asked).toEqual([]);
    expect(result.stderr).toMatchInlineSnapshot(`
      "error: 5 problems
        - --prot: there is no such flag; did you mean --port?
        - --name: needs a value: --name NAME
        - --timeout: "soon" is not a duration such as 90s, 10m or 1h
        - --port: "99999" is not a whole number from 1 to 65535
        - DEVSTACK_NODES: "many" is not a whole number from 1 to 9
        next: see its arguments and flags
              $ devstack help up
      "
    `);
  });

  test('all wrong words of a stack are told at once, with what was meant', async () => {
    const result = await run(['up', 'knativ', '--with', 'knative-evnting,kourier', '--ingress', 'isto', '--name', 'My Stack', '--mirror', 'file:///etc', '--version', 'knative=new'], {
      env: { DEVSTACK_PROVIDER: 'kindd' },
    });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatchInlineSnapshot(`
      "error: 8 problems
        - --name: "My Stack" cannot be a stack name: use a-z, 0-9 and -, with a letter or digit first and last
        - PRESET: unknown preset "knativ"; did you mean knative?
        - DEVSTACK_PROVIDER: unknown provider "kindd"; did you mean kind?
        - --with: unknown addon "knative-evnting"; did you mean knative-eventing?
        - --with: kourier is an ingress: choose it by --ingress kourier
        - --ingress: unknown ingress "isto"; did you mean istio?
        - --mirror: "file:///etc" is not an http or https address
        - --version: "new" is not a version such as 1.24.0
        next: see what there is
              $ devstack help up
      "
    `);
  });

  test('a wrong command line is told as JSON when JSON was asked for', async () => {
    const result = await run(['up', '--json', '--bogus']);
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(lastLine(result)).toMatchObject({ v: 1, type: 'result', ok: false, error: { code: 'command-line-invalid', exit: 2 } });
  });

  test.each([[['--bogus']], [['--bogus', 'up']], [['up', 'a', 'b']], [['status', '--', '-x', 'y']], [['down', '']], [['help', 'nothing']], [['completion', 'tcsh']]])('%j is a usage error', async (argv) => {
    const result = await run(argv);
    expect(result.code).toBe(2);
    expect(result.stdout).toBe('');
  });

  // Names that hurt: in a shell, a path, a label, a terminal.
  test.each([
    '', 'a'.repeat(300), '-rf', '--help', 'a;rm -rf ~', '$(id)', '`id`', 'a\nb', 'a\0b', '..', '../x', 'dév', 'dеv', 'DEV', 'a_b', 'dev-', 'a.b', '\u001b[31mred', '\u202eved',
  ])('the name %j is refused before anything happens', async (name) => {
    const result = await run(['up', 'knative', `--name=${name}`]);
    expect(result.code).toBe(2);
    expect(result.asked).toEqual([]);
    expect(result.stderr).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(result.stderr.length).toBeLessThan(600);
  });

  test('the same names are refused by down, status and env', async () => {
    for (const command of ['down', 'status', 'env']) expect(await run([command, '--', '../x'])).toMatchObject({ code: 2, asked: [] });
  });
});
