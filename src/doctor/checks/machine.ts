// The machine itself: tools, ports, kernel limits, disk, remains of earlier stacks.
import { DOCKER_STACK_LABEL } from '../../model/label.ts';
import { readStackRecord } from '../../model/record.ts';
import type { Platform, Ports } from '../../ports.ts';
import { type Check, failed, ok, skipped, type World, warning } from '../check.ts';

/** What kind's known issues ask for. */
const INOTIFY = { max_user_watches: 524_288, max_user_instances: 512 } as const;
/** Below this, several nodes do not boot. */
const INOTIFY_LEAST = { max_user_watches: 65_536, max_user_instances: 128 } as const;
const INOTIFY_FOLDER = '/proc/sys/fs/inotify';
/** A node image, the images of Knative and room to breathe. */
const DISK_GIB = 10;
/** What a node image takes while it is unpacked. */
const LEAST_GIB = 3;
/** Those below are for root alone. */
const FIRST_FREE_PORT = 1024;
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
  async ask({ ports, wish, engine }) {
    const { rootless } = await engine.catch(() => ({ rootless: false }));
    if (rootless && wish.port < FIRST_FREE_PORT) {
      return warning(`${wish.port}: a rootless engine may only listen from ${FIRST_FREE_PORT} on`, {
        text: 'take another', command: 'devstack up --port 8080',
      });
    }
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

/** GiB that are free where this folder is, or will be. */
async function freeSpace(folder: string, { ports, signal }: Pick<World, 'ports' | 'signal'>): Promise<number> {
  let existing = folder;
  while (existing !== '/' && await ports.files.stat(existing) === undefined) existing = existing.slice(0, existing.lastIndexOf('/')) || '/';
  const { exitCode, stdout } = await ports.processes.run('df', ['-Pk', existing], { signal, timeoutMs: 5_000, env: { LC_ALL: 'C' } });
  return exitCode === 0 ? Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3] ?? Number.NaN) / KIB_PER_GIB : Number.NaN;
}

export const disk: Check = {
  id: 'disk', title: 'Disk',
  async ask({ ports, engine, signal }) {
    if (ports.platform.os === 'windows') return skipped('not asked on Windows');
    // Elsewhere than on Linux the engine has a disk of its own.
    const { rootDirectory } = ports.platform.os === 'linux' ? await engine.catch(() => ({ rootDirectory: undefined })) : { rootDirectory: undefined };
    const folders = [ports.folders.cache, ...(rootDirectory === undefined ? [] : [rootDirectory])];
    const free = await Promise.all(folders.map((folder) => freeSpace(folder, { ports, signal })));
    const least = Math.min(...free.filter((space) => !Number.isNaN(space)));
    if (!Number.isFinite(least)) return skipped('df does not say');
    const message = `${least.toFixed(0)} GiB free`;
    if (least >= DISK_GIB) return ok(message);
    const fix = { text: 'see what Docker keeps', command: 'docker system df' };
    return least < LEAST_GIB ? failed(`${message}; no node image fits`, fix) : warning(`${message}; a stack takes up to ${DISK_GIB} GiB`, fix);
  },
};

export const remains: Check = {
  id: 'remains', title: 'Earlier stacks',
  async ask({ ports, engine }) {
    await engine;
    const [networks, containers] = await Promise.all([ports.docker.listNetworks({ labels: [DOCKER_STACK_LABEL] }), ports.docker.listContainers({})]);
    const records = networks.flatMap((network) => readStackRecord(network.labels) ?? []);
    // Where the nodes are containers; a swarm on the engine itself has none.
    const empty = networks.filter((network) => !containers.some((container) => container.networks.includes(network.name)));
    const [left] = empty.flatMap((network) => readStackRecord(network.labels) ?? []).filter((record) => record.nodeImage !== undefined);
    if (left !== undefined) {
      return warning(`stack ${left.stack} has a network and no nodes: a run was cut off`, {
        text: 'remove what is left', command: `devstack down ${left.stack}`,
      });
    }
    const stacks = [...new Set(records.map((record) => record.stack))];
    return ok(stacks.length === 0 ? 'none' : stacks.join(', '));
  },
};

/** Whoever reads a kubeconfig is administrator of the cluster. */
export const secrets: Check = {
  id: 'secrets', title: 'Files with credentials',
  async ask({ ports }) {
    const open = await readableByOthers(ports);
    if (open.length === 0) return ok('for you alone');
    return failed(`others can read ${open.join(', ')}`, { text: 'take that away', command: `chmod 600 ${open.join(' ')}`, automatic: true });
  },
  async repair({ ports }) {
    for (const path of await readableByOthers(ports)) await ports.files.setMode(path, 0o600);
    return true;
  },
};

async function readableByOthers(ports: Ports): Promise<readonly string[]> {
  if (ports.platform.os === 'windows') return [];
  const stacks = await ports.files.list(`${ports.folders.state}/stacks`);
  const paths = stacks.map((stack) => `${ports.folders.state}/stacks/${stack}/kubeconfig`);
  const modes = await Promise.all(paths.map(async (path) => (await ports.files.stat(path))?.mode ?? 0));
  return paths.filter((_, index) => ((modes[index] ?? 0) & 0o077) !== 0);
}

/** Windows' Linux: the first version has no kernel that nodes could run on; the folders of Windows are slow and know no modes. */
export const wsl: Check = {
  id: 'wsl', title: 'WSL',
  async ask({ ports }) {
    const kernel = ports.platform.os === 'linux' ? await ports.files.readText('/proc/version') : undefined;
    if (kernel === undefined || !/microsoft/i.test(kernel)) return skipped('not here');
    if (!/wsl2|microsoft-standard/i.test(kernel)) {
      return failed('version 1 cannot run containers', {
        text: 'convert it to version 2 (in a Windows terminal)', command: 'wsl --set-version Ubuntu 2',
      });
    }
    if (ports.folders.state.startsWith('/mnt/')) {
      return warning(`${ports.folders.state} is on a disk of Windows`, {
        text: 'keep the files of devstack on the disk of Linux', command: 'export DEVSTACK_HOME="$HOME/devstack"',
      });
    }
    return ok('version 2');
  },
};
