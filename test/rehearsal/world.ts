// The rehearsal over the real adapters and a home of its own; its process runs within the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProviderContext } from '../../src/clusters/provider.ts';
import { rehearsal } from '../../src/clusters/rehearsal/index.ts';
import { runRehearsal } from '../../src/clusters/rehearsal/process.ts';
import { createClock } from '../../src/host/clock.ts';
import { createFiles } from '../../src/host/files.ts';
import { createHttp } from '../../src/host/http.ts';
import { createNetwork } from '../../src/host/network.ts';
import { createPlatform } from '../../src/host/platform.ts';
import { createProcesses } from '../../src/host/process.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubernetes } from '../../src/kube/index.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import type { Background, Ports, ProcessMark } from '../../src/ports.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';
import { specOf } from '../clusters/kind/kind-spec.ts';
import { fakePorts, only } from '../fakes/ports.ts';

/** Processes that are only functions of this one; `said` is what they wrote into their logs. */
class InProcess implements Background {
  readonly said: string[] = [];
  readonly #running = new Map<number, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  readonly #ports: () => Ports;
  #count = 0;

  constructor(ports: () => Ports) {
    this.#ports = ports;
  }

  #mark(pid: number): ProcessMark {
    return { pid, place: 'the test', host: 'the test', started: String(pid) };
  }

  async start([, stack = '']: readonly string[]): Promise<ProcessMark> {
    this.#count += 1;
    const pid = this.#count;
    const stop = new AbortController();
    const ports = { ...this.#ports(), background: { ...this, own: async () => this.#mark(pid) } as unknown as Background };
    const ended = runRehearsal(stack, { ports, signal: stop.signal, say: (line) => this.said.push(line) }).catch((error: unknown) => { this.said.push(String(error)); }).finally(() => this.#running.delete(pid));
    this.#running.set(pid, { stop, ended });
    return this.#mark(pid);
  }

  async parent(): Promise<undefined> {
    return undefined;
  }

  async own(): Promise<ProcessMark> {
    return this.#mark(0);
  }

  async isAlive({ pid, place }: ProcessMark): Promise<boolean> {
    return place === 'the test' && this.#running.has(pid);
  }

  async end({ pid }: ProcessMark): Promise<void> {
    const found = this.#running.get(pid);
    found?.stop.abort();
    await found?.ended;
  }

  /** Resolves when all have ended by themselves. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  get count(): number {
    return this.#running.size;
  }
}

export interface RehearsalWorld {
  readonly ports: Ports;
  readonly context: ProviderContext;
  readonly home: string;
  readonly background: InProcess;
  plan(given?: Partial<StackSpec>): Promise<ClusterPlan>;
  remove(): Promise<void>;
}

export async function rehearsalWorld(): Promise<RehearsalWorld> {
  const home = await mkdtemp(join(tmpdir(), 'devstack-test-rehearsal-'));
  const env = { PATH: process.env['PATH'] ?? '', HOME: home };
  const base = { env, files: createFiles(), yaml: createYaml(), folders: { state: join(home, 'state'), cache: join(home, 'cache'), config: home }, home: () => home, processes: createProcesses(env), clock: createClock() };
  const late: { ports?: Ports } = {};
  const background = new InProcess(() => late.ports ?? fakePorts({}));
  const artifacts = only<Ports['artifacts']>('artifacts', { has: async () => false });
  const ports: Ports = fakePorts({
    ...base, background, artifacts, platform: createPlatform(), http: createHttp(), network: createNetwork(), kubeconfigs: createKubeconfigs(base), ...createKubernetes({ ...base, artifacts }),
    docker: only<Ports['docker']>('docker', { listNetworks: async () => [], listContainers: async () => [], listVolumes: async () => [] }),
  });
  late.ports = ports;
  const context: ProviderContext = { ports, signal: new AbortController().signal, onProgress: () => undefined };
  return {
    ports, context, home, background,
    async plan(given = {}) {
      const spec = specOf({ provider: 'rehearsal', ...given });
      return rehearsal.plan({ ...spec, nodeImage: undefined }, await ports.network.freePort(), rehearsal.engine?.(ports) ?? (() => { throw new Error('the rehearsal needs no engine'); })());
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
