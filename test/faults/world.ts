// A machine in memory that outlives the runs of the CLI on it: an engine, a disk, a cluster, a user's kubeconfig, things of other people.
import { setImmediate as turn } from 'node:timers/promises';
import { createUseCases } from '../../src/cli/operations/index.ts';
import type { Journals } from '../../src/cli/operations/journals.ts';
import type { UseCases } from '../../src/cli/use-cases.ts';
import type { Snapshot } from '../../src/clusters/rehearsal/server/store.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { ApiClient } from '../../src/kube/api-client.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import { failedError, preconditionError } from '../../src/model/error.ts';
import type { DevstackEvent } from '../../src/model/event.ts';
import { at } from '../../src/model/object.ts';
import type { Background, Clock, Docker, Http, LoadHttp, Manifests, Network, Ports, ProcessMark } from '../../src/ports.ts';
import { journalledStacks, openJournal, readJournal, removeJournal } from '../../src/state/journal.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { withStackLock } from '../../src/state/stack-lock.ts';
import { FakeEngine } from '../fakes/docker-engine.ts';
import { fakePorts, only } from '../fakes/ports.ts';
import { BY_HAND } from '../state/kubeconfig-texts.ts';
import { FakeCluster, FakeTransport } from './cluster.ts';
import { Disk, filesOf } from './disk.ts';
import { createCluster } from './fake-kind.ts';
import { guarded, type Life } from './life.ts';
import { objectsIn } from './manifests.ts';

export const HOME = '/home/ada';
export const STATE = `${HOME}/.local/state/devstack`;
export const USER_KUBECONFIG = `${HOME}/.kube/config`;
/** The time of a step, on the clock of this world: the engine counts that of the machine. */
const PATIENCE_MS = 3 * 3_600_000;
const NODE_IMAGE = /^kindest\/node/;
/** Looks at the clock after which an engine lists what it was still making. */
const LATE_LOOKS = 3;

const CHANGING: readonly (keyof Docker)[] = [
  'createContainer', 'startContainer', 'stopContainer', 'removeContainer', 'createNetwork', 'removeNetwork', 'removeVolume', 'pullImage', 'loadImage', 'exec',
];

export class World {
  readonly engine = new FakeEngine();
  readonly disk = new Disk();
  readonly clusters = new Map<string, FakeCluster>();
  readonly #empty: Snapshot;
  /** Words of the processes that runs have started in the background. */
  readonly started: (readonly string[])[] = [];
  readonly #lives: Life[] = [];
  time = Date.UTC(2026, 0, 1);
  #looks = 0;

  constructor(empty: Snapshot) {
    this.#empty = empty;
    this.disk.put(USER_KUBECONFIG, BY_HAND, 0o640);
    this.engine.addContainer('other-db', { labels: { team: 'other' }, networks: ['other'] });
    this.engine.addNetwork('other', { team: 'other' });
  }

  turn = async (): Promise<void> => { await turn(); };

  /** The API server of a node answers from now on. */
  async boot(node: string): Promise<void> {
    const { id } = this.engine.find(node);
    this.clusters.set(id, await FakeCluster.start(this.#empty));
  }

  /** What runs in the node that is there now. */
  cluster(): FakeCluster | undefined {
    const node = this.engine.containers.find((container) => container.name.endsWith('-control-plane') && container.state === 'running');
    return node === undefined ? undefined : this.clusters.get(node.id);
  }

  #pass(ms: number): void {
    this.time += ms;
    this.#looks += 1;
    if (this.#looks % LATE_LOOKS === 0) for (const name of [...this.engine.unlisted.keys()]) this.engine.list(name);
  }

  clock(life: Life): Clock {
    const born = this.time;
    return {
      now: () => this.time,
      monotonic: () => this.time,
      sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        await turn();
        if (life.isDead) return new Promise(() => undefined);
        this.#pass(ms);
        if (this.time - born > PATIENCE_MS) life.timeOut();
        signal?.throwIfAborted();
      },
    };
  }

  #docker(life: Life): Docker {
    const inspect: Docker['inspectImage'] = async (reference) => (
      NODE_IMAGE.test(reference) ? { id: 'sha256:node', tags: [reference], digests: [], architecture: 'amd64', os: 'linux', size: 1 } : this.engine.docker.inspectImage(reference)
    );
    // The node image is there: every name of it leads to one.
    const docker = new Proxy(this.engine.docker, {
      get: (target, key) => {
        if (key === 'inspectImage') return inspect;
        if (key === 'createContainer') {
          return async (request: Parameters<Docker['createContainer']>[0]) => {
            if (!this.engine.images.has(request.image)) this.engine.addImage(request.image);
            return target.createContainer(request);
          };
        }
        return Reflect.get(target, key);
      },
    });
    return guarded('docker', docker, life, CHANGING);
  }

  #http(life: Life): Http {
    return guarded('http', {
      request: async ({ url, headers }) => {
        const answers = at(this.cluster()?.api.get({ key: 'services.serving.knative.dev', namespace: 'default', name: 'hello' }), 'status', 'url') !== undefined;
        const isOurs = headers?.['host']?.startsWith('hello.default.') === true && url.includes('127.0.0.1:');
        if (!answers || !isOurs) throw failedError({ code: 'request-failed', message: 'connection refused' });
        return { status: 200, headers: {}, body: 'Hello devstack!' };
      },
    }, life, []);
  }

  #markOf(life: Life): ProcessMark {
    if (!this.#lives.includes(life)) this.#lives.push(life);
    return { pid: this.#lives.indexOf(life), place: 'here', host: 'here', started: '1' };
  }

  #canBind(port: number): boolean {
    // Only what runs holds its ports.
    const published = this.engine.containers.filter(({ state }) => state === 'running').flatMap((container) => container.ports.map(({ hostPort }) => hostPort));
    return !this.engine.takenPorts.has(port) && !published.includes(port);
  }

  ports(life: Life): Ports {
    const clock = this.clock(life);
    const files = filesOf(this.disk, life, async () => { await turn(); });
    const base = { env: { DEVSTACK_TOKEN: 'canary-of-the-environment' }, files, yaml: createYaml(), folders: { state: STATE, cache: `${HOME}/.cache`, config: `${HOME}/.config` }, home: () => HOME };
    const docker = this.#docker(life);
    const manifests: Manifests = {
      load: async (sources) => sources.flatMap((source) => ('artifact' in source ? objectsIn(source.artifact.name) : source.objects)),
      images: async () => [],
    };
    return fakePorts({
      background: guarded<Background>('background', {
        own: async () => this.#markOf(life),
        parent: async () => this.#markOf(life),
        isAlive: async ({ pid }) => this.#lives[pid]?.isDead === false,
        start: async (words) => {
          this.started.push(words);
          return this.#markOf(life);
        },
        end: async () => undefined,
      }, life, ['start']),
      ...base, clock, docker, manifests, http: this.#http(life), kubeconfigs: createKubeconfigs(base), kubeSets: createKubeSets(clock),
      platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 },
      network: only<Network>('network', { canBind: async (port) => this.#canBind(port), freePort: async () => 18_999, resolve: async () => ['127.0.0.1'] }),
      artifacts: guarded('artifacts', { fetch: async ({ name }) => name, has: async () => true, tool: async () => '/tools/kind' }, life, []),
      processes: {
        find: async (name) => `/usr/bin/${name}`,
        run: async (_command, args, options = {}) => {
          if (args[0] !== 'create') return { exitCode: 0, stdout: '', stderr: '' };
          return life.call('kind create cluster', true, () => createCluster(this, life, args, options));
        },
      },
      kubeConnector: {
        connect: async (access) => {
          if (this.disk.text(access.kubeconfig) === undefined) throw preconditionError({ code: 'kubeconfig-missing', message: `${access.kubeconfig} does not exist` });
          return new ApiClient(access, new FakeTransport(life, clock, () => this.cluster()), clock);
        },
      },
    });
  }

  /** The use cases as one run of the CLI has them; `told` takes what it says. */
  useCases(life: Life, told: DevstackEvent[] = []): { readonly useCases: UseCases; readonly options: { readonly emit: (event: DevstackEvent) => void; readonly signal: AbortSignal } } {
    const ports = this.ports(life);
    const world = { ...ports, pid: 4711 };
    const journals: Journals = {
      open: (stack, command) => openJournal(world, stack, command), remove: (stack) => removeJournal(world, stack),
      stacks: () => journalledStacks(world), read: (stack) => readJournal(world, stack),
      alone: (stack, queue, work) => withStackLock(world, stack, queue, work),
    };
    const useCases = createUseCases({ ports, journals, loadHttp: only<LoadHttp>('loadHttp', {}), templates: '', listen: () => undefined });
    return { useCases, options: { emit: (event) => { told.push(event); }, signal: life.stop.signal } };
  }
}
