import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TOOL_PINS, type ToolPin } from '../../src/artifacts/tool-pins.ts';
import { createProcesses } from '../../src/host/process.ts';
import { serve } from '../fakes/file-server.ts';
import { temporaryFolder } from '../host/folder.ts';
import { artifactsWorld, sha256 } from './world.ts';

const PROGRAM = '#!/bin/sh\necho 0.33.0\n';

function program(folder: string, name: string, body: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(folder, name), 0o755);
  return join(folder, name);
}

/** A publisher of `kind`, and a machine whose PATH has what `onPath` says. */
async function setUp(options: { readonly onPath?: string; readonly sums?: string | number; readonly platforms?: ToolPin['platforms']; readonly body?: () => string } = {}) {
  const { onPath, sums = `${sha256(PROGRAM)}  kind-linux-amd64\n`, platforms = ['linux/amd64'], body = () => PROGRAM } = options;
  const server = await serve((request, response) => {
    if (request.url !== '/kind.sha256sum') response.end(body());
    else if (typeof sums === 'number') response.writeHead(sums).end();
    else response.end(sums);
  });
  const bin = join(temporaryFolder(), 'bin');
  if (onPath !== undefined) program(bin, 'kind', onPath);
  const tools: readonly ToolPin[] = [{
    name: 'kind', version: '0.33.0', minimum: '0.32.1', versionCommand: ['version', '-q'], versionPattern: /(\d+\.\d+\.\d+)/, platforms,
    url: () => `${server.url}/kind`, checksumSuffix: '.sha256sum',
  }];
  return { server, bin, ...artifactsWorld({ tools, processes: createProcesses({ PATH: `${bin}:/usr/bin:/bin` }) }) };
}

describe('on PATH', () => {
  test.each(['0.32.1', '0.33.0', '0.100.0', '1.0.0'])('%s is recent enough', async (version) => {
    const { artifacts, bin, server, notes } = await setUp({ onPath: `echo ${version}` });
    expect(await artifacts.tool('kind')).toBe(join(bin, 'kind'));
    expect(server.requests).toHaveLength(0);
    expect(notes).toEqual([]);
  });

  test.each([['0.32.0', 'echo 0.32.0'], ['none', 'exit 1'], ['nonsense', 'echo v1'], ['not for this machine', '\0']])('too old, or unusable (%s): our own is used, and said so', async (_, body) => {
    const { artifacts, notes, cache } = await setUp({ onPath: body });
    expect(await artifacts.tool('kind')).toBe(join(cache, 'tools', 'kind-0.33.0'));
    expect(notes[0]).toContain('devstack needs 0.32.1');
  });
});

describe('fetched', () => {
  test('verified by the publisher, pinned, runnable under a name with its version; later without a request', async () => {
    const { artifacts, server, notes, cache } = await setUp();
    const path = await artifacts.tool('kind');
    expect(path).toBe(join(cache, 'tools', 'kind-0.33.0'));
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(readFileSync(path, 'utf8')).toBe(PROGRAM);
    expect(notes).toEqual([expect.stringContaining(sha256(PROGRAM))]);
    expect(await artifacts.tool('kind')).toBe(path);
    expect(server.requests.map(({ url }) => url)).toEqual(['/kind.sha256sum', '/kind']);
  });

  test('a program that has changed on the disk is not run: it is fetched again, and must be the one that was pinned', async () => {
    let body = PROGRAM;
    const { artifacts } = await setUp({ body: () => body });
    const path = await artifacts.tool('kind');
    writeFileSync(path, 'evil');
    expect(readFileSync(await artifacts.tool('kind'), 'utf8')).toBe(PROGRAM);
    writeFileSync(path, 'evil');
    body = 'another release under the same name';
    await expect(artifacts.tool('kind')).rejects.toMatchObject({ code: 'checksum-mismatch' });
  });

  test('without a hash of the publisher it is not run', async () => {
    for (const sums of [404, '<html>', '', `${sha256(PROGRAM).slice(1)}  kind`]) {
      const { artifacts, server } = await setUp({ sums });
      await expect(artifacts.tool('kind')).rejects.toMatchObject({ code: 'checksum-unavailable' });
      expect(server.requests.some(({ url }) => url === '/kind')).toBe(false);
    }
  });

  test('a wrong one is refused', async () => {
    const { artifacts } = await setUp({ sums: `${sha256('other')}\n` });
    await expect(artifacts.tool('kind')).rejects.toMatchObject({ code: 'checksum-mismatch' });
  });

  test('a machine that it is not published for', async () => {
    const { artifacts } = await setUp({ platforms: ['linux/arm64'] });
    await expect(artifacts.tool('kind')).rejects.toMatchObject({ code: 'tool-unavailable', exit: 3 });
  });

  test('a tool without a pin', async () => {
    const { artifacts } = await setUp();
    await expect(artifacts.tool('helm')).rejects.toMatchObject({ code: 'tool-unknown' });
  });
});

test('the table: each version is at least its minimum and is in each address', () => {
  for (const pin of TOOL_PINS) {
    expect(pin.version.localeCompare(pin.minimum, undefined, { numeric: true })).toBeGreaterThanOrEqual(0);
    for (const platform of pin.platforms) {
      const [os, arch] = platform.split('/') as ['linux', 'amd64'];
      expect(pin.url(os, arch)).toContain(pin.version);
      expect(new URL(pin.url(os, arch)).protocol).toBe('https:');
    }
  }
});
