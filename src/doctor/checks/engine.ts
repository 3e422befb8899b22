// The container engine: there, allowed, large enough, and not set up in a way that breaks nodes.
import { isDevstackError } from '../../model/error.ts';
import { parseJson } from '../../model/json.ts';
import { type Check, failed, ok, skipped, warning } from '../check.ts';

const MEBI = 2 ** 20;
const DAEMON_CONFIG = '/etc/docker/daemon.json';
/** The first that gives a node control groups of its own. */
const OLDEST_ENGINE = [20, 10] as const;
/** A clock that is off by more makes certificates invalid. */
const CLOCK_SLACK_MS = 30_000;

export const engine: Check = {
  id: 'engine', title: 'Container engine',
  async ask({ engine: asked, ports }) {
    try {
      const info = await asked;
      const message = `Docker ${info.serverVersion} on ${info.operatingSystem}${info.rootless ? ', rootless' : ''} (${ports.docker.endpoint})`;
      return isOlder(info.serverVersion) ? failed(`${message} is older than ${OLDEST_ENGINE.join('.')}`, { text: 'install a newer engine' }) : ok(message);
    } catch (error) {
      if (!isDevstackError(error)) throw error;
      const [hint] = error.hints;
      return failed(error.reason === undefined ? error.message : `${error.message}: ${error.reason}`, hint === undefined ? undefined : { ...hint });
    }
  },
};

function isOlder(version: string): boolean {
  const [major, minor] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major === undefined || minor === undefined || Number.isNaN(major + minor)) return false;
  return major < OLDEST_ENGINE[0] || (major === OLDEST_ENGINE[0] && minor < OLDEST_ENGINE[1]);
}

export const size: Check = {
  id: 'size', title: 'CPU and memory',
  async ask({ engine: asked, wish }) {
    const info = await asked;
    const memoryMi = Math.floor(info.memoryBytes / MEBI);
    const has = `${info.cpus} CPUs, ${memoryMi} MiB`;
    const needs = `knative needs ${(wish.cpuMilli / 1000).toFixed(1)} CPUs, ${wish.memoryMi} MiB`;
    if (info.cpus * 1000 < wish.cpuMilli) {
      return failed(`${has}; ${needs}`, {
        text: 'lower what the addons ask for, or give the engine more CPUs', command: 'devstack up knative --fit',
      });
    }
    if (memoryMi < wish.memoryMi) return failed(`${has}; ${needs}`, { text: 'give the engine more memory (Docker Desktop: Settings, Resources)' });
    return ok(`${has}; ${needs}`);
  },
};

export const cgroup: Check = {
  id: 'cgroup', title: 'Control groups',
  async ask({ engine: asked }) {
    const info = await asked;
    if (info.cgroupVersion === '2') return ok('version 2');
    if (info.rootless) {
      return failed('version 1, with which a rootless engine cannot run nodes', {
        text: 'boot with version 2 (kernel argument systemd.unified_cgroup_hierarchy=1)',
      });
    }
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
    if (parseJson(text) === undefined) {
      return warning(`${DAEMON_CONFIG} is not JSON: the engine will not start again with it`, { text: 'mend it', command: `sudoedit ${DAEMON_CONFIG}` });
    }
    // `"init": true`, which used to break nodes, is switched off for them by kind since 0.11.
    return ok(`${DAEMON_CONFIG} is in order`);
  },
};

/** A program from a snap sees the home folder and nothing else of the user's. */
export const snap: Check = {
  id: 'snap', title: 'Docker command',
  async ask({ ports, wish }) {
    const path = await ports.processes.find('docker');
    if (path === undefined) {
      return wish.programs.includes('docker')
        ? failed('not on PATH, where the provider needs it', { text: 'install the docker command beside the engine', command: 'curl -fsSL https://get.docker.com | sh' })
        : ok('not on PATH, and not needed');
    }
    const home = ports.env['HOME'] ?? '/';
    if (!path.startsWith('/snap/') || ports.folders.state.startsWith(`${home}/`)) return ok(path);
    return warning(`${path} cannot read ${ports.folders.state}`, {
      text: 'keep the files of devstack under your home', command: 'export DEVSTACK_HOME="$HOME/devstack"',
    });
  },
};
