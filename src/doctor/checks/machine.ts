// The machine itself: tools, ports, kernel limits, disk, remains of earlier stacks.
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import type { Platform } from '../../ports.ts';
import { type Check, failed, ok, skipped, warning } from '../check.ts';

/** What kind's known issues ask for. */
const INOTIFY = { max_user_watches: 524_288, max_user_instances: 512 } as const;
/** Below this, several nodes do not boot. */
const INOTIFY_LEAST = { max_user_watches: 65_536, max_user_instances: 128 } as const;
const INOTIFY_FOLDER = '/proc/sys/fs/inotify';
/** A node image, the images of Knative and room to breathe. */
const DISK_GIB = 10;
const KIB_PER_GIB = 1024 * 1024;

export const tools: Check = {
  id: 'tools', title: 'Tools',
  async ask({ ports, wish, signal }) {
    if (wish.tools.length === 0) return skipped('none needed');
    const found = await Promise.all(wish.tools.map(async (tool) => {
      if (await ports.processes.find(tool) === undefined) return `${tool}: not on PATH, devstack fetches its own`;
      const { exitCode, stdout } = await ports.processes.run(tool, ['version'], { signal, timeoutMs: 5_000 });
      return exitCode === 0 ? `${tool}: ${stdout.trim().split('\n')[0] ?? ''}` : `${tool}: on PATH, but does not say its version`;
    }));
    return ok(found.join('; '));
  },
};

function whoHolds(port: number, os: Platform['os']): string {
  if (os === 'windows') return `netstat -ano | findstr :${port}`;
  return os === 'darwin' ? `lsof -nP -iTCP:${port} -sTCP:LISTEN` : `ss -ltnp 'sport = :${port}'`;
}

export const port: Check = {
  id: 'port', title: 'Port of the ingress',
  async ask({ ports, wish }) {
    if (await ports.network.canBind(wish.port)) return ok(`${wish.port} on 127.0.0.1 is free`);
    const containers = await ports.docker.listContainers({}).catch(() => []);
    const holder = containers.find((container) => container.ports.some((published) => published.hostPort === wish.port));
    const stack = holder?.labels[DOCKER_STACK_LABEL] ?? holder?.networks.find((name) => name.startsWith('devstack-'));
    const message = `${wish.port} on 127.0.0.1 is taken${holder === undefined ? '' : ` by container ${holder.name}`}; up takes another one`;
    if (stack !== undefined) return ok(message);
    return warning(message, { text: 'see who has it', command: whoHolds(wish.port, ports.platform.os) });
  },
};

async function readLimit(files: { readText(path: string): Promise<string | undefined> }, name: string): Promise<number> {
  return Number((await files.readText(`${INOTIFY_FOLDER}/${name}`))?.trim() ?? Number.NaN);
}

export const inotify: Check = {
  id: 'inotify', title: 'inotify limits',
  async ask({ ports }) {
    if (ports.platform.os !== 'linux') return skipped('the engine brings its own machine');
    const [watches, instances] = await Promise.all([readLimit(ports.files, 'max_user_watches'), readLimit(ports.files, 'max_user_instances')]);
    if (Number.isNaN(watches) || Number.isNaN(instances)) return skipped('this kernel does not say');
    const message = `${watches} watches, ${instances} instances`;
    if (watches >= INOTIFY.max_user_watches && instances >= INOTIFY.max_user_instances) return ok(message);
    const fix = {
      text: 'raise them', automatic: true,
      command: `sudo sysctl fs.inotify.max_user_watches=${INOTIFY.max_user_watches} fs.inotify.max_user_instances=${INOTIFY.max_user_instances}`,
    };
    const enough = watches >= INOTIFY_LEAST.max_user_watches && instances >= INOTIFY_LEAST.max_user_instances;
    return enough ? warning(`${message}: enough for one node`, fix) : failed(`${message}: nodes may not boot ("too many open files")`, fix);
  },
  async repair({ ports, signal }) {
    const limits = Object.entries(INOTIFY).map(([name, value]) => `fs.inotify.${name}=${value}`);
    // Succeeds for root, and where sudo asks for no password; never asks for one.
    for (const [program, ...words] of [['sysctl', '-w', ...limits], ['sudo', '-n', 'sysctl', '-w', ...limits]]) {
      if (program === undefined || await ports.processes.find(program) === undefined) continue;
      if ((await ports.processes.run(program, words, { signal, timeoutMs: 5_000 })).exitCode === 0) return true;
    }
    return false;
  },
};

export const disk: Check = {
  id: 'disk', title: 'Disk',
  async ask({ ports, signal }) {
    if (ports.platform.os === 'windows') return skipped('not asked on Windows');
    let folder = ports.folders.cache;
    while (folder !== '/' && await ports.files.stat(folder) === undefined) folder = folder.slice(0, folder.lastIndexOf('/')) || '/';
    const { exitCode, stdout } = await ports.processes.run('df', ['-Pk', folder], { signal, timeoutMs: 5_000, env: { LC_ALL: 'C' } });
    const free = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3] ?? Number.NaN) / KIB_PER_GIB;
    if (exitCode !== 0 || Number.isNaN(free)) return skipped('df does not say');
    const message = `${free.toFixed(0)} GiB free`;
    return free >= DISK_GIB ? ok(message) : warning(`${message}; a stack takes up to ${DISK_GIB} GiB`, { text: 'see what Docker keeps', command: 'docker system df' });
  },
};

export const remains: Check = {
  id: 'remains', title: 'Earlier stacks',
  async ask({ ports, engine }) {
    await engine;
    const [networks, containers] = await Promise.all([ports.docker.listNetworks({ labels: [DOCKER_STACK_LABEL] }), ports.docker.listContainers({})]);
    const stacks = [...new Set(networks.map((network) => network.labels[DOCKER_STACK_LABEL] ?? ''))];
    const empty = networks.filter((network) => !containers.some((container) => container.networks.includes(network.name)));
    const [left] = empty.map((network) => network.labels[DOCKER_STACK_LABEL] ?? '');
    if (left !== undefined) return warning(`stack ${left} has a network and no nodes: a run was cut off`, { text: 'remove what is left', command: `devstack down ${left}` });
    return ok(stacks.length === 0 ? 'none' : stacks.join(', '));
  },
};
