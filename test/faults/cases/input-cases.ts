// G. Bad input and hostile data.
import { expect } from 'vitest';
import { parseMirror } from '../../../src/artifacts/mirrors.ts';
import { requireConsent } from '../../../src/clusters/existing/consent.ts';
import { nameProblem } from '../../../src/config/stack-name.ts';
import { firstMember, type Member } from '../../../src/host/archive.ts';
import { createDownloads } from '../../../src/host/download.ts';
import { createNetwork } from '../../../src/host/network.ts';
import { createProcesses } from '../../../src/host/process.ts';
import { createYaml } from '../../../src/host/yaml.ts';
import { oneLine } from '../../../src/kube/failure.ts';
import { redact, redactText, secretsOf, stripControls } from '../../../src/model/redact.ts';
import { folderOf } from '../../../src/state/stack-folder.ts';
import { run as runCli } from '../../cli/harness.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { expectCode, type FaultCase } from './case.ts';

const NAMES = ['', 'x'.repeat(300), '--help', '-rf', 'a;rm -rf ~', '$(id)', '`id`', 'a\nb', 'a\0b', '..', '../x', 'ａbc', 'Dev', 'a/b', '.'];
const bomb = Array.from({ length: 12 }, (_, level) => `l${level}: &l${level} [${level === 0 ? '"x"' : Array(9).fill(`*l${level - 1}`).join(', ')}]`).join('\n');
const TEXTS: readonly (readonly [string, string])[] = [
  ['an alias bomb', bomb], ['17 MB', 'a'.repeat(17 * 2 ** 20)], ['depth of 10,000', '['.repeat(10_000)], ['a key twice', 'a: 1\na: 2\n'], ['__proto__', '__proto__: {polluted: 1}\n'],
  ['a cycle', 'x: &x [*x]\n'], ['a tab', 'a:\n\tb: 1\n'], ['an alias to nothing', 'a: *nowhere\n'],
];
const NUMBERS = ['a: 1e999\n', 'a: .nan\n', 'a: .inf\n', 'a: -.inf\n'];
const HOSTILE = ['\u001b[31mred\u001b[0m', '\u001b]0;title\u0007', 'a\rb', '\u202egnp.exe', '\u009b31m', 'a\u0000b'];
const MIRRORS = ['file:///etc', 'ftp://m', 'a -> b', 'nonsense', ''];

/** One member of a tar archive: its type, the size that it claims, the bytes behind it. */
function tar(type: string, size: string, bytes = 0): Buffer {
  const header = Buffer.alloc(512);
  header.write('../../etc/passwd', 0);
  header.write(size, 124);
  header.write(type, 156);
  header.write('/etc/shadow', 157);
  return Buffer.concat([header, Buffer.alloc(bytes)]);
}
const ARCHIVES: readonly (readonly [string, Buffer, Member | undefined])[] = [
  ['a path that leads out', tar('0', '00000000003', 512), { kind: 'file', content: Buffer.alloc(3) }], ['a link that leads out', tar('2', '0'), { kind: 'link', target: '/etc/shadow' }],
  ['a hard link', tar('1', '0'), { kind: 'other' }], ['a device', tar('3', '0'), { kind: 'other' }], ['less than it says', tar('0', '77777777777', 512), undefined],
  ['an extension of a size below nothing', tar('x', '-0000001777', 512), undefined], ['nothing', Buffer.alloc(0), undefined],
];

const refusedText = (number: number, what: string, text: string): FaultCase => ({
  number, fault: what, injected: 'as YAML', expected: 'yaml-invalid at once', run: () => expectCode('yaml-invalid', () => createYaml().parseAll(text, 'file.yaml')),
});

function cli(number: number, fault: string, argv: readonly string[], expected: number, env: { readonly [name: string]: string } = {}): FaultCase {
  return {
    number, fault, injected: `devstack ${argv.join(' ')}`, expected: `exit ${expected}, nothing asked of the world`, run: async () => {
      const { code, asked } = await runCli(argv, { env });
      expect([code, asked.filter(({ call }) => call === 'up' || call.startsWith('down '))]).toEqual([expected, []]);
      return `exit ${code}`;
    },
  };
}

export const inputCases: readonly FaultCase[] = [
  ...NAMES.map((name): FaultCase => ({
    number: 106, fault: `the name ${JSON.stringify(name.slice(0, 12))}`, injected: 'as the name of a stack', expected: 'refused, at the flag and at the path', run: async () => {
      expect(nameProblem(name)).toBeDefined();
      if (name !== '.') await expectCode('stack-name-invalid', () => folderOf({ state: '/s' }, name));
      return 'refused twice';
    },
  })),
  ...TEXTS.map(([what, text]) => refusedText(107, what, text)),
  ...NUMBERS.map((text) => refusedText(108, `the number ${text.slice(3).trim()}`, text)),
  ...HOSTILE.map((text): FaultCase => ({
    number: 110, fault: `${JSON.stringify(text)} in a name of the cluster`, injected: 'into messages', expected: 'nothing that a terminal obeys', run: async () => {
      for (const clean of [stripControls(text), oneLine(text), redactText(text)]) expect(clean).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      return JSON.stringify(stripControls(text));
    },
  })),
  ...MIRRORS.map((text): FaultCase => ({ number: 111, fault: `the mirror ${JSON.stringify(text)}`, injected: 'DEVSTACK_MIRROR', expected: 'refused', run: () => expectCode(/mirror/, () => parseMirror(text)) })),
  ...['file:///etc/passwd', 'javascript:alert(1)', 'http://['].map((url): FaultCase => ({
    number: 111, fault: `the address ${url}`, injected: 'a download', expected: 'refused', run: () => expectCode('download-url-invalid', () => createDownloads({ env: {}, userAgent: 'test' }).download({ url, path: `${temporaryFolder()}/x`, maxBytes: 10 })),
  })),
  ...ARCHIVES.map(([what, archive, seen]): FaultCase => ({
    number: 109, fault: `an archive with ${what}`, injected: 'from the copy API of an engine, the only archive that is read', expected: 'a value, never a file on the disk', run: async () => {
      expect(firstMember(archive)).toEqual(seen);
      return seen?.kind ?? 'nothing';
    },
  })),
  { number: 112, fault: 'a kubeconfig that runs a program to sign in', injected: 'a context of this machine with exec', expected: 'refused until it is named', run: () => expectCode('context-plugin', () => requireConsent(
    { name: 'prod', path: '/config', server: 'https://127.0.0.1:6443', cluster: {}, user: { exec: { command: 'sh' } }, plugin: 'sh' }, undefined, { network: createNetwork() },
  )) },
  { number: 114, fault: 'a program of the current folder', injected: 'PATH=.:', expected: 'never run', run: async () => { expect(await createProcesses({ PATH: '.::relative' }).find('sh')).toBeUndefined(); return 'not found'; } },
  { number: 114, fault: 'NODE_OPTIONS for a child', injected: 'an environment of its own', expected: 'only what devstack was given', run: async () => { const { stdout } = await createProcesses({ PATH: '/usr/bin:/bin' }).run('env', []); expect(stdout).not.toMatch(/NODE_OPTIONS|LD_PRELOAD/); return 'clean'; } },
  cli(115, 'a prompt where nobody can answer', ['down', 'lab'], 2, { CI: '1' }),
  cli(116, 'an unknown flag', ['up', '--prot', '8080'], 2),
  cli(116, 'an unknown command', ['pu'], 2),
  cli(116, 'an unknown preset', ['up', 'kubernetes'], 2),
  cli(116, 'a port that is none', ['up', '--port', '99999'], 2),
  cli(116, 'a time that is none', ['up', '--ttl', 'soon'], 2),
  cli(116, 'a configuration that is not there', ['up', '--config', '/nonexistent/devstack.yaml'], 2),
  { number: 117, fault: 'a secret in the environment', injected: 'REGISTRY_PASSWORD in a message', expected: 'redacted in text and JSON', run: async () => {
    const secrets = secretsOf({ REGISTRY_PASSWORD: 'hunter2-hunter2', HOME: '/home/ada' });
    expect(redactText('login with hunter2-hunter2 failed', { secrets }) + JSON.stringify(redact({ message: 'hunter2-hunter2' }, secrets))).not.toContain('hunter2');
    return 'redacted';
  } },
  { number: 117, fault: 'a bearer token and a private key', injected: 'in a message', expected: 'redacted', run: async () => {
    const text = redactText('authorization: Bearer abcdefghijklmnop\n-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----');
    expect(text).not.toMatch(/abcdefghijklmnop|MIIEvQ/);
    return 'redacted';
  } },
];
