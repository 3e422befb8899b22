import { describe, expect, test } from 'vitest';
import { checks, examine, type Wish } from '../../src/doctor/index.ts';
import { failedError, preconditionError } from '../../src/model/error.ts';
import type { Docker, DockerInfo, Files, Http, Network, Ports, Processes } from '../../src/ports.ts';
import { fakePorts, only, steppedClock } from '../fakes/ports.ts';

const NOW = Date.UTC(2026, 10, 21);
const INFO: DockerInfo = {
  serverVersion: '29.9.2', operatingSystem: 'Linux', architecture: 'amd64', cpus: 4, memoryBytes: 8 * 2 ** 30, cgroupVersion: '2', rootless: false,
  containerdStore: false, swarm: 'inactive', isSwarmManager: false, systemTimeMs: NOW, rootDirectory: '/var/lib/docker',
};
const WISH: Wish = { port: 8080, cpuMilli: 1975, memoryMi: 1000, tools: ['kind'], programs: ['docker'], domains: ['127.0.0.1.sslip.io', 'localhost'] };

interface Machine {
  readonly info?: Partial<DockerInfo>;
  readonly docker?: Partial<Docker>;
  readonly files?: { readonly [path: string]: string };
  readonly names?: { readonly [name: string]: string };
  readonly env?: Ports['env'];
  readonly busy?: readonly number[];
  readonly programs?: readonly string[];
  /** Path of the docker command. */
  readonly dockerPath?: string;
  /** Modes of the kubeconfigs of stacks. */
  readonly modes?: Map<string, number>;
  /** Why https://github.com is not reached; reached when absent. */
  readonly unreached?: string;
  readonly run?: Processes['run'];
}

function machine(of: Machine): Ports {
  const { info = {}, docker = {}, files = {}, names = {}, env = {}, busy = [], programs = ['docker', 'df'], modes = new Map<string, number>(), run, unreached } = of;
  const limits = { '/proc/sys/fs/inotify/max_user_watches': '524288\n', '/proc/sys/fs/inotify/max_user_instances': '512\n' };
  const all: { readonly [path: string]: string } = { ...limits, ...files };
  return fakePorts({
    env: { HOME: '/home/p', ...env }, clock: steppedClock(NOW), platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 }, folders: { state: '/home/p/state', cache: '/home/p/.cache/devstack', config: '/c' },
    docker: only<Docker>('docker', {
      endpoint: 'unix:///var/run/docker.sock', info: async () => ({ ...INFO, ...info }), listContainers: async () => [], listNetworks: async () => [], ...docker,
    }),
    files: only<Files>('files', {
      readText: async (path) => all[path],
      stat: async (path) => {
        const mode = modes.get(path);
        return mode === undefined ? undefined : { kind: 'file', size: 1, mode, modifiedMs: 0 };
      },
      list: async () => [...modes.keys()].map((path) => path.split('/').at(-2) ?? ''),
      setMode: async (path, mode) => { modes.set(path, mode); },
    }),
    http: only<Http>('http', {
      request: async () => {
        if (unreached !== undefined) throw failedError({ code: 'request-failed', message: 'no answer', reason: unreached });
        return { status: 200, headers: {}, body: '' };
      },
    }),
    network: only<Network>('network', { canBind: async (port) => !busy.includes(port), resolve: async (name) => (names[name] === undefined ? [] : [names[name]]) }),
    processes: only<Processes>('processes', {
      find: async (name) => (name === 'docker' && of.dockerPath !== undefined ? of.dockerPath : programs.includes(name) ? `/usr/bin/${name}` : undefined),
      run: run ?? (async () => ({ exitCode: 0, stdout: 'Filesystem 1024-blocks Used Available Capacity Mounted\n/dev/sda 1 1 99999999 1% /\n', stderr: '' })),
    }),
  });
}

async function finding(id: string, of: Machine, fix = false) {
  const found = await examine(machine(of), { wish: WISH, fix, signal: new AbortController().signal });
  return found.find((candidate) => candidate.id === id);
}

describe('doctor', () => {
  test('a good machine has nothing to mend', async () => {
    const found = await examine(machine({ names: { 'probe.127.0.0.1.sslip.io': '127.0.0.1' } }), { wish: WISH, fix: false, signal: new AbortController().signal });
    expect(found.map(({ id, state }) => `${id} ${state}`)).toEqual(checks.map(({ id }) => `${id} ${id === 'wsl' ? 'skipped' : 'ok'}`));
  });

  test('without an engine one check fails with its cause and command, and those that need it are left out', async () => {
    const gone = preconditionError({ code: 'docker-not-running', message: 'no engine answers', hints: [{ text: 'start it', command: 'sudo systemctl start docker' }] });
    const docker = { info: async () => { throw gone; } };
    expect(await finding('engine', { docker })).toMatchObject({ state: 'failed', message: 'no engine answers', fix: { command: 'sudo systemctl start docker' } });
    expect(await finding('size', { docker })).toMatchObject({ state: 'skipped' });
    expect(await finding('disk', { docker })).toMatchObject({ state: 'ok' });
  });

  test.each<[string, Machine, string, RegExp]>([
    ['size', { info: { cpus: 1 } }, 'failed', /1 CPUs.*needs 2.0 CPUs/],
    ['size', { info: { memoryBytes: 2 ** 29 } }, 'failed', /512 MiB.*1000 MiB/],
    ['cgroup', { info: { cgroupVersion: '1' } }, 'warning', /version 1/],
    ['clock', { info: { systemTimeMs: NOW - 3_600_000 } }, 'failed', /3600 s behind/],
    ['engine', { info: { serverVersion: '19.03.15' } }, 'failed', /older than 20\.10/],
    ['engine', { info: { serverVersion: '26.1.5+dfsg1' } }, 'ok', /26\.1\.5/],
    ['cgroup', { info: { cgroupVersion: '1', rootless: true } }, 'failed', /rootless/],
    ['daemon-config', { files: { '/etc/docker/daemon.json': '{"init": true}' } }, 'ok', /in order/],
    ['snap', { programs: ['df'] }, 'failed', /not on PATH/],
    ['snap', { dockerPath: '/snap/bin/docker' }, 'ok', /snap/],
    ['snap', { dockerPath: '/snap/bin/docker', env: { HOME: '/root' } }, 'warning', /cannot read \/home\/p\/state/],
    ['daemon-config', { files: { '/etc/docker/daemon.json': '{"init": ' } }, 'warning', /not JSON/],
    ['port', { busy: [8080] }, 'warning', /8080 on 127.0.0.1 is taken/],
    ['inotify', { files: { '/proc/sys/fs/inotify/max_user_watches': '8192' } }, 'failed', /8192 watches/],
    ['inotify', { files: { '/proc/sys/fs/inotify/max_user_instances': '128' } }, 'warning', /128 instances/],
    ['wsl', { files: { '/proc/version': 'Linux version 5.15.153.1-microsoft-standard-WSL2' } }, 'ok', /version 2/],
    ['wsl', { files: { '/proc/version': 'Linux version 4.4.0-19041-Microsoft' } }, 'failed', /version 1/],
    ['tls', { unreached: 'the certificate is not from an authority that this machine knows (SELF_SIGNED_CERT_IN_CHAIN)' }, 'warning', /github\.com: the certificate/],
    ['tls', { unreached: 'the name does not resolve' }, 'skipped', /out of reach/],
    ['tls', { env: { HTTPS_PROXY: 'http://proxy:3128' } }, 'skipped', /through the proxy/],
    ['proxy', { env: { HTTP_PROXY: 'localhost:3128' } }, 'warning', /leads to this machine/],
    ['secrets', { modes: new Map([['/home/p/state/stacks/dev/kubeconfig', 0o644]]) }, 'failed', /others can read \/home\/p\/state\/stacks\/dev\/kubeconfig/],
    ['secrets', { modes: new Map([['/home/p/state/stacks/dev/kubeconfig', 0o600]]) }, 'ok', /for you alone/],
    ['disk', { run: async () => ({ exitCode: 0, stdout: 'h\n/dev/sda 1 1 4194304 1% /\n', stderr: '' }) }, 'warning', /4 GiB free; a stack takes/],
    ['disk', { run: async () => ({ exitCode: 0, stdout: 'h\n/dev/sda 1 1 1048576 1% /\n', stderr: '' }) }, 'failed', /1 GiB free/],
    ['dns', { names: { 'sslip.io': '78.46.204.247' } }, 'warning', /rebinding protection/],
    ['dns', {}, 'warning', /no name server answers/],
    ['proxy', { env: { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'localhost' } }, 'warning', /NO_PROXY lacks 127.0.0.1/],
    ['remains', { docker: { listNetworks: async () => [{ id: 'n', name: 'devstack-old', labels: { 'dev.devstack.stack': 'old', 'dev.devstack.record': '{"nodeImage":"x"}' } }] } }, 'warning', /stack old/],
    // A swarm on the engine itself has a network for its record, and no nodes in containers.
    ['remains', { docker: { listNetworks: async () => [{ id: 'n', name: 'devstack-old', labels: { 'dev.devstack.stack': 'old' } }] } }, 'ok', /^old$/],
  ])('%s: %o', async (id, of, state, message) => {
    const found = await finding(id, of);
    expect(found).toMatchObject({ state });
    expect(found?.message).toMatch(message);
    if (found?.fix?.command !== undefined) expect(found.fix.command).not.toContain('\n');
  });

  test('a domain of one\'s own that leads nowhere: the command that answers for it', async () => {
    const [found] = (await examine(machine({}), { wish: { ...WISH, domains: ['devstack.test'] }, fix: false, signal: new AbortController().signal })).filter(({ id }) => id === 'dns');
    expect(found).toMatchObject({ state: 'warning', message: '*.devstack.test does not lead to 127.0.0.1', fix: { command: 'devstack dns serve --domain devstack.test' } });
  });

  test('--fix raises the limits where no password is needed, and looks again', async () => {
    const ran: string[] = [];
    const low: Machine = {
      files: { '/proc/sys/fs/inotify/max_user_instances': '128' }, programs: ['docker', 'df', 'sudo', 'sysctl'],
      run: async (command, args) => { ran.push([command, ...args].join(' ')); return { exitCode: command === 'sudo' ? 0 : 1, stdout: '', stderr: '' }; },
    };
    await finding('inotify', low);
    expect(ran.filter((line) => line.includes('sysctl'))).toEqual([]);
    await finding('inotify', low, true);
    expect(ran.filter((line) => line.includes('sysctl'))).toEqual([expect.stringMatching(/^sysctl -w/), expect.stringMatching(/^sudo -n sysctl -w/)]);
  });

  test('--fix takes credentials out of the sight of others', async () => {
    const modes = new Map([['/home/p/state/stacks/dev/kubeconfig', 0o644]]);
    expect(await finding('secrets', { modes }, true)).toMatchObject({ state: 'ok' });
    expect([...modes.values()]).toEqual([0o600]);
  });

  test('a port below 1024 on a rootless engine', async () => {
    const found = await examine(machine({ info: { rootless: true } }), { wish: { ...WISH, port: 80 }, fix: false, signal: new AbortController().signal });
    expect(found.find(({ id }) => id === 'port')).toMatchObject({ state: 'warning', fix: { command: 'devstack up --port 8080' } });
  });

  test('secrets of a proxy do not show', async () => {
    const found = await finding('proxy', { env: { HTTPS_PROXY: 'http://user:hunter2@proxy:3128' } });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});
