// The container engine: there, allowed, large enough, and not set up in a way that breaks nodes.
import { isDevstackError } from '../../model/error.ts';
import { isJsonObject } from '../../model/json.ts';
import { type Check, failed, ok, skipped, warning } from '../check.ts';

const MEBI = 2 ** 20;
const DAEMON_CONFIG = '/etc/docker/daemon.json';
/** A clock that is off by more makes certificates invalid. */
const CLOCK_SLACK_MS = 30_000;

export const engine: Check = {
  id: 'engine', title: 'Container engine',
  async ask({ engine: asked, ports }) {
    try {
      const info = await asked;
      return ok(`Docker ${info.serverVersion} on ${info.operatingSystem}${info.rootless ? ', rootless' : ''} (${ports.docker.endpoint})`);
    } catch (error) {
      if (!isDevstackError(error)) throw error;
      const [hint] = error.hints;
      return failed(error.reason === undefined ? error.message : `${error.message}: ${error.reason}`, hint === undefined ? undefined : { ...hint });
    }
  },
};

export const size: Check = {
  id: 'size', title: 'CPU and memory',
  async ask({ engine: asked, wish }) {
    const info = await asked;
    const memoryMi = Math.floor(info.memoryBytes / MEBI);
    const has = `${info.cpus} CPUs, ${memoryMi} MiB`;
    const needs = `knative needs ${(wish.cpuMilli / 1000).toFixed(1)} CPUs, ${wish.memoryMi} MiB`;
    if (info.cpus * 1000 < wish.cpuMilli) return failed(`${has}; ${needs}`, { text: 'lower what the addons ask for, or give the engine more CPUs', command: 'devstack up knative --fit' });
    if (memoryMi < wish.memoryMi) return failed(`${has}; ${needs}`, { text: 'give the engine more memory (Docker Desktop: Settings, Resources)' });
    return ok(`${has}; ${needs}`);
  },
};

export const cgroup: Check = {
  id: 'cgroup', title: 'Control groups',
  async ask({ engine: asked }) {
    const info = await asked;
    if (info.cgroupVersion === '2') return ok('version 2');
    return warning('version 1: Kubernetes 1.35 and newer do not start here, so devstack takes 1.34', {
      text: 'boot with version 2 for newer ones (WSL: kernelCommandLine=cgroup_no_v1=all in .wslconfig)',
    });
  },
};

export const clock: Check = {
  id: 'clock', title: 'Clock',
  async ask({ engine: asked, ports }) {
    const { systemTimeMs } = await asked;
    if (systemTimeMs === undefined) return skipped('the engine does not say its time');
    const skew = Math.round((systemTimeMs - ports.clock.now()) / 1000);
    if (Math.abs(skew) * 1000 <= CLOCK_SLACK_MS) return ok('engine and machine agree');
    return failed(`the engine is ${Math.abs(skew)} s ${skew > 0 ? 'ahead' : 'behind'}: certificates will not be valid`, {
      text: 'restart the engine (Docker Desktop loses time when a laptop sleeps)', command: 'docker desktop restart',
    });
  },
};

export const daemonConfig: Check = {
  id: 'daemon-config', title: 'Engine settings',
  async ask({ ports }) {
    if (ports.platform.os !== 'linux') return skipped('only on Linux');
    const text = await ports.files.readText(DAEMON_CONFIG);
    if (text === undefined) return ok('defaults');
    let config: unknown;
    try {
      config = JSON.parse(text);
    } catch {
      return warning(`${DAEMON_CONFIG} is not JSON`);
    }
    if (!isJsonObject(config) || config['init'] !== true) return ok(`${DAEMON_CONFIG} is harmless`);
    return failed(`"init": true in ${DAEMON_CONFIG} keeps nodes from booting`, { text: 'take it out and restart the engine', command: `sudoedit ${DAEMON_CONFIG}` });
  },
};

export const snap: Check = {
  id: 'snap', title: 'Docker command',
  async ask({ ports }) {
    const path = await ports.processes.find('docker');
    if (path === undefined) return warning('not on PATH: devstack does not need it, kind does', { text: 'install the docker command beside the engine' });
    if (!path.startsWith('/snap/')) return ok(path);
    return warning('from a snap, which cannot read /tmp', { text: 'use a folder for temporary files under your home', command: 'export TMPDIR="$HOME/.cache/tmp"' });
  },
};
