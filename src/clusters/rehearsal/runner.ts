// Runs containers of people's apps as processes of this machine: the program of the image where that is possible, else a stand-in.
import { connect } from 'node:net';
import { join } from 'node:path';
import { isAbortError, isDevstackError } from '../../model/error.ts';
import type { JsonObject } from '../../model/json.ts';
import { PART_LABEL } from '../../model/label.ts';
import { arrayAt, stringAt } from '../../model/object.ts';
import type { Ports } from '../../ports.ts';
import type { Running, Usage } from './controllers/container-run.ts';
import type { Runner } from './controllers/kubelet.ts';
import { environmentOf, type Program, readProgram } from './images.ts';
import type { Place } from './place.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { Shims } from './shims.ts';
import { STAND_IN_PROGRAM, standInKind } from './stand-in.ts';

/** Containers that Knative adds: pretended. */
const HELPERS = ['queue-proxy'];

export interface RunnerWorld {
  readonly ports: Pick<Ports, 'files' | 'network' | 'processes'>;
  readonly place: Place;
  readonly shims: Shims;
  readonly usage: ProcessUsage;
  /** True for the namespaces that people's apps live in; what addons consist of is pretended. */
  isForApps(namespace: string): boolean;
}

interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: { readonly [name: string]: string };
  readonly cwd?: string;
}

type Hooks = Parameters<Runner>[2];

class ProcessRun implements Running {
  port: number | undefined;
  #isReady = false;
  #isAsking = false;
  /** Of the program and all that it starts. */
  #group: number | undefined;
  readonly #usage: ProcessUsage;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(world: RunnerWorld, input: { readonly pod: JsonObject; readonly container: JsonObject }, hooks: Hooks) {
    this.#usage = world.usage;
    this.#ended = this.#run(world, input, hooks);
  }

  async #run(world: RunnerWorld, { pod, container }: { readonly pod: JsonObject; readonly container: JsonObject }, hooks: Hooks): Promise<void> {
    const { network, processes } = world.ports;
    let code = 1;
    try {
      this.port = await network.freePort();
      const { file, args, env, cwd } = await startOf(world, { pod, container, port: this.port });
      const onStart = (group: number): void => { this.#group = group; };
      const result = await processes.run(file, args, { env, signal: this.#stop.signal, lifeline: true, onLine: hooks.onLine, onStart, ...(cwd === undefined ? {} : { cwd }) });
      code = result.exitCode;
    } catch (error) {
      if (isAbortError(error) || this.#stop.signal.aborted) return;
      hooks.onLine(`rehearsal: ${isDevstackError(error) ? [error.message, error.reason ?? ''].join(': ') : String(error)}`);
    }
    this.port = undefined;
    this.#group = undefined;
    if (!this.#stop.signal.aborted) hooks.onExit(code);
  }

  async usage(): Promise<Usage | undefined> {
    return this.#group === undefined ? undefined : this.#usage.of(this.#group);
  }

  /** Asks in the background; true once somebody has listened. */
  isReady(): boolean {
    if (!this.#isReady && !this.#isAsking && this.port !== undefined) this.#ask(this.port);
    return this.#isReady;
  }

  #ask(port: number): void {
    this.#isAsking = true;
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (isReady: boolean): void => {
      this.#isReady = isReady;
      this.#isAsking = false;
      socket.destroy();
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

/** Undefined for what is only pretended. */
export function createRunner(world: RunnerWorld): Runner {
  return (pod, container, hooks) => {
    const isApp = world.isForApps(stringAt(pod, 'metadata', 'namespace') ?? '') && !HELPERS.includes(stringAt(container, 'name') ?? '') && arrayAt(container, 'ports').length > 0;
    return isApp ? new ProcessRun(world, { pod, container }, hooks) : undefined;
  };
}

interface Wish {
  readonly pod: JsonObject;
  readonly container: JsonObject;
  readonly port: number;
}

async function startOf(world: RunnerWorld, { pod, container, port }: Wish): Promise<Start> {
  const image = stringAt(container, 'image') ?? '';
  const program = await readProgram(world.ports.files, world.place, image);
  const own = { ...environmentOf(pod, container), PORT: String(port), HOSTNAME: stringAt(pod, 'metadata', 'name') ?? '' };
  const found = program === undefined ? { why: 'nobody deployed it from a folder' } : await commandOf(world, program, port);
  if (program === undefined || 'why' in found) {
    const kind = standInKind(image);
    const env = { ...own, STAND_IN: JSON.stringify({ image, kind: kind ?? null, why: 'why' in found ? found.why : '' }) };
    return { file: process.execPath, args: ['-e', STAND_IN_PROGRAM], env };
  }
  const volumes = await volumesOf(world, program, container);
  const env = Object.fromEntries(Object.entries({ ...program.env, ...own, ...found.env }).map(([name, value]) => [name, volumes.get(value) ?? value]));
  return { ...found, env, cwd: program.folder };
}

/** Paths of a container that shall outlive it → folders of this machine. */
async function volumesOf({ ports, place }: RunnerWorld, program: Program, container: JsonObject): Promise<ReadonlyMap<string, string>> {
  const mounted = arrayAt(container, 'volumeMounts').flatMap((mount) => stringAt(mount, 'mountPath') ?? []);
  const name = program.image.replace(/:[^:/]*$/, '').split('/').at(-1) ?? 'app';
  const result = new Map<string, string>();
  for (const path of new Set([...program.volumes, ...mounted])) {
    const folder = join(place.volumes, name, path.replaceAll(/[^\w.-]+/g, '_'));
    await ports.files.makeDirectory(folder, 0o700);
    result.set(path, folder);
  }
  return result;
}

type Found = { readonly file: string; readonly args: readonly string[]; readonly env: { readonly [name: string]: string } } | { readonly why: string };

/** How the command of an image is run on this machine. */
async function commandOf(world: RunnerWorld, { command: [name = '', ...args], obstacle }: Program, port: number): Promise<Found> {
  const { processes } = world.ports;
  if (obstacle !== undefined) return { why: obstacle };
  if (name === 'node') return { file: process.execPath, args: ['--require', world.shims.node, ...args], env: {} };
  const env = { PYTHONPATH: world.shims.python, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' };
  if (name !== 'python' && name !== 'python3' && name !== 'gunicorn') return { why: `a rehearsal runs Node and Python, not ${name}` };
  const python = await processes.find('python3') ?? await processes.find('python');
  if (python === undefined) return { why: 'this machine has no Python' };
  if (name !== 'gunicorn') return { file: python, args, env };
  const gunicorn = await processes.find('gunicorn');
  if (gunicorn !== undefined) return { file: gunicorn, args, env };
  const { exitCode } = await processes.run(python, ['-c', 'import flask']);
  if (exitCode !== 0) return { why: 'this machine has neither gunicorn nor Flask' };
  return { file: python, args: ['-m', 'flask', '--app', args.at(-1) ?? 'app', 'run', '--host', '127.0.0.1', '--port', String(port)], env };
}

/** Namespaces that devstack made for addons are pretended, and those of Kubernetes itself. */
export function isForApps(namespace: JsonObject | undefined): boolean {
  const part = stringAt(namespace, 'metadata', 'labels', PART_LABEL);
  const name = stringAt(namespace, 'metadata', 'name') ?? '';
  return !name.startsWith('kube-') && (part === undefined || part.startsWith('app-'));
}
