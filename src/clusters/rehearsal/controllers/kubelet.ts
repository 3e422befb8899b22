// The kubelet: pulls, starts, probes, restarts and stops the containers of the pods on the node, in pretence or by a runner.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { objectsAt } from '../server/json.ts';
import { isDeleting, type Ref } from './api.ts';
import { ContainerRun, type RunContext, type Running, type Usage } from './container-run.ts';
import type { Controller, World } from './controller.ts';
import { namesOfPod } from './faults.ts';
import { NODE_NAME } from './node.ts';
import { durationOf, type Pace } from './pace.ts';
import { podStatus } from './pod-status.ts';

/** Runs containers for real. Undefined: this one is only pretended. */
export type Runner = (pod: JsonObject, container: JsonObject, hooks: { onLine(line: string): void; onExit(code: number): void }) => Running | undefined;

export interface KubeletOptions {
  readonly pace: Pace;
  readonly runner?: Runner;
}

interface PodRun {
  readonly startTime: string;
  readonly ip: string;
  readonly init: readonly ContainerRun[];
  readonly main: readonly ContainerRun[];
}

export class Kubelet implements Controller {
  readonly name = 'kubelet';
  readonly watches = [{ key: 'pods' }];
  readonly #pods = new Map<string, PodRun>();
  /** Images on the node, and when each of them is (or will be) there. */
  readonly #images = new Map<string, number>();
  readonly #options: KubeletOptions;
  #addresses = 1;

  constructor(options: KubeletOptions) {
    this.#options = options;
  }

  async reconcile(ref: Ref, world: World): Promise<number | undefined> {
    const pod = world.api.get(ref);
    if (pod === undefined) {
      await this.#forget(ref, world);
      return undefined;
    }
    if (stringAt(pod, 'spec', 'nodeName') !== NODE_NAME) return undefined;
    if (isDeleting(pod)) return this.#terminate(ref, pod, world);
    if (['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase') ?? '')) return undefined;
    return this.#advance(ref, pod, world);
  }

  #run(ref: Ref, pod: JsonObject, world: World): PodRun {
    const key = `${stringAt(pod, 'metadata', 'uid') ?? ''}|${ref.namespace}/${ref.name}`;
    const known = this.#pods.get(key);
    if (known !== undefined) return known;
    this.#addresses += 1;
    const made: PodRun = {
      startTime: world.api.now(), ip: `10.244.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`,
      init: objectsAt(pod, 'spec', 'initContainers').map((container) => new ContainerRun(container, true)),
      main: objectsAt(pod, 'spec', 'containers').map((container) => new ContainerRun(container, false)),
    };
    this.#pods.set(key, made);
    return made;
  }

  async #advance(ref: Ref, pod: JsonObject, world: World): Promise<number | undefined> {
    const run = this.#run(ref, pod, world);
    const context = this.#context(ref, pod, world);
    const waits: (number | undefined)[] = [];
    const nextInit = run.init.find((container) => !container.isDone);
    if (nextInit !== undefined) waits.push(await nextInit.advance(context));
    else for (const container of run.main) waits.push(await container.advance(context));
    const { api } = world;
    await api.updateStatus(ref, (status) => { podStatus(status, { pod, now: api.now(), startTime: run.startTime, ip: run.ip, init: run.init, main: run.main }); });
    const known = waits.filter((wait) => wait !== undefined);
    // An init container that just ended makes way for the next one.
    if (nextInit?.isDone === true) return 0;
    return known.length === 0 ? undefined : Math.max(0, Math.min(...known));
  }

  #context(ref: Ref, pod: JsonObject, world: World): RunContext {
    const { pace, runner } = this.#options;
    const names = namesOfPod(pod);
    return {
      pod, pace, now: world.clock.now(), time: world.api.now(), images: this.#images, logs: world.logs, runner,
      restarts: stringAt(pod, 'spec', 'restartPolicy') ?? 'Always',
      strikes: (fault, image) => world.faults.strikes(fault, image, ...names), threatens: (fault, image) => world.faults.threatens(fault, image, ...names),
      event: (text) => world.api.event('pods', pod, text),
      // A runner tells of an end at its own time.
      wake: () => { this.#wake?.(ref); },
    };
  }

  #wake: ((ref: Ref) => void) | undefined;

  /** How the kubelet is called back when a process ends by itself. */
  onWake(wake: (ref: Ref) => void): void {
    this.#wake = wake;
  }

  /** The ports on which the pods' containers really listen, by pod. */
  portOf(pod: JsonObject): number | undefined {
    return this.#runOf(pod)?.main.map((container) => container.port).find((port) => port !== undefined);
  }

  #runOf(pod: JsonObject): PodRun | undefined {
    const uid = stringAt(pod, 'metadata', 'uid') ?? '';
    return [...this.#pods].find(([key]) => key.startsWith(`${uid}|`))?.[1];
  }

  /** What the containers of a pod have used, by name; undefined when none of them is a process that can be measured. What is pretended uses nothing. */
  async usageOf(pod: JsonObject): Promise<ReadonlyMap<string, Usage> | undefined> {
    const main = this.#runOf(pod)?.main ?? [];
    const found = await Promise.all(main.map(async (container) => [container.name, await container.usage()] as const));
    if (found.every(([, usage]) => usage === undefined)) return undefined;
    return new Map(found.map(([name, usage]) => [name, usage ?? { cpuMs: 0, memoryBytes: 0 }]));
  }

  async #terminate(ref: Ref, pod: JsonObject, world: World): Promise<number | undefined> {
    const key = `${stringAt(pod, 'metadata', 'uid') ?? ''}|${ref.namespace}/${ref.name}`;
    const run = this.#pods.get(key);
    const names = objectsAt(pod, 'spec', 'containers').map((container) => String(container['name']));
    if (run !== undefined) {
      for (const name of names) await world.api.event('pods', pod, { type: 'Normal', reason: 'Killing', message: `Stopping container ${name}` });
      await Promise.all(run.main.map((container) => container.stop()));
      this.#pods.delete(key);
      return durationOf(this.#options.pace, 'stop');
    }
    for (const name of names) world.logs.end(pod, name);
    await world.api.delete(ref, { grace: 0, uid: stringAt(pod, 'metadata', 'uid') ?? '' });
    return undefined;
  }

  /** Deleted by force: nobody asked us first. */
  async #forget(ref: Ref, world: World): Promise<void> {
    for (const [key, run] of [...this.#pods]) {
      if (!key.endsWith(`|${ref.namespace}/${ref.name}`)) continue;
      const uid = key.slice(0, key.indexOf('|'));
      if (stringAt(world.api.get(ref), 'metadata', 'uid') === uid) continue;
      this.#pods.delete(key);
      await Promise.all(run.main.map((container) => container.stop()));
    }
  }

  async close(): Promise<void> {
    const runs = [...this.#pods.values()];
    this.#pods.clear();
    await Promise.all(runs.flatMap((run) => run.main.map((container) => container.stop())));
  }
}

