// Does it fit: requests of everything against what the nodes have left for it, before anything is made. Pure.
import type { Addon, Footprint } from '../addons/addon.ts';
import { preconditionError } from '../model/error.ts';
import type { EngineFacts } from '../model/fact.ts';
import type { StackSpec } from '../model/stack.ts';

/** What a kubeadm control plane with kindnet and CoreDNS requests (kubeadm defaults: 100+250+200+100+2×100+100 millicores). */
const CONTROL_PLANE: Footprint = { cpuMilli: 950, memoryMi: 290 };
/** kindnet on every further node. */
const WORKER: Footprint = { cpuMilli: 100, memoryMi: 50 };
/** queue-proxy of one Knative pod (config-deployment default). */
const SAMPLE: Footprint = { cpuMilli: 25, memoryMi: 0 };
/** Tolerated shortage: rounding of engines that report a little less memory than was asked for. */
const MEMORY_SLACK = 0.95;

export interface FitResult {
  readonly cpu: { readonly needed: number; readonly offered: number };
  readonly memory: { readonly needed: number; readonly offered: number };
  readonly fits: boolean;
}

/** Millicores and MiB that an addon requests on this many nodes. */
export function footprintOf(addon: Addon, spec: Pick<StackSpec, 'fit' | 'nodes'>): Footprint {
  const once = spec.fit ? addon.fitFootprint : addon.footprint;
  const each = spec.fit ? addon.perNode?.fitFootprint : addon.perNode?.footprint;
  const nodes = podNodes(spec.nodes);
  return { cpuMilli: once.cpuMilli + (each?.cpuMilli ?? 0) * nodes, memoryMi: once.memoryMi + (each?.memoryMi ?? 0) * nodes };
}

/** Nodes that run pods: a control plane keeps to itself as soon as there is another node. */
function podNodes(nodes: number): number {
  return Math.max(1, nodes - 1);
}

/** What addons and samples request, and what their nodes have left for them. */
export function measureFit(addons: readonly Addon[], spec: StackSpec, engine: EngineFacts): FitResult {
  const parts = [...addons.map((addon) => footprintOf(addon, spec)), ...spec.samples.map(() => SAMPLE)];
  const cpuNeeded = parts.reduce((sum, part) => sum + part.cpuMilli, 0);
  const system = spec.nodes === 1 ? CONTROL_PLANE.cpuMilli : WORKER.cpuMilli * podNodes(spec.nodes);
  // Every node in a container reports the CPUs and the memory of the whole engine; the memory is really shared.
  const cpuOffered = Math.max(0, engine.cpus * 1000 * podNodes(spec.nodes) - system);
  const memoryNeeded = parts.reduce((sum, part) => sum + part.memoryMi, 0);
  const memoryOffered = Math.max(0, engine.memoryMi - CONTROL_PLANE.memoryMi - WORKER.memoryMi * (spec.nodes - 1));
  return {
    cpu: { needed: cpuNeeded, offered: cpuOffered },
    memory: { needed: memoryNeeded, offered: memoryOffered },
    fits: cpuNeeded <= cpuOffered && memoryNeeded * MEMORY_SLACK <= memoryOffered,
  };
}

/** What a whole stack requests, its system included: what an engine of one node must have. */
export function demandOf(addons: readonly Addon[], spec: StackSpec): Footprint {
  const parts = [CONTROL_PLANE, ...addons.map((addon) => footprintOf(addon, spec)), ...spec.samples.map(() => SAMPLE)];
  return {
    cpuMilli: parts.reduce((sum, part) => sum + part.cpuMilli, 0), memoryMi: Math.floor(parts.reduce((sum, part) => sum + part.memoryMi, 0) * MEMORY_SLACK),
  };
}

/** Throws `does-not-fit` with the figures. */
export function requireFit(addons: readonly Addon[], spec: StackSpec, engine: EngineFacts): void {
  const { cpu, memory, fits } = measureFit(addons, spec, engine);
  if (fits) return;
  const parts = addons.map((addon) => ({ id: addon.id, ...footprintOf(addon, spec) })).filter((part) => part.cpuMilli + part.memoryMi > 0);
  throw preconditionError({
    code: 'does-not-fit',
    message: cpu.needed > cpu.offered
      ? `the stack requests ${cpu.needed}m CPU, the nodes have ${cpu.offered}m left for it`
      : `the stack requests ${memory.needed} MiB of memory, the engine has ${memory.offered} MiB left for it`,
    reason: parts.map((part) => `${part.id} ${part.cpuMilli}m/${part.memoryMi}Mi`).join(', '),
    hints: [{ text: 'give the engine more CPUs and memory (Docker Desktop: Settings → Resources)' }],
    details: { cpuNeeded: cpu.needed, cpuOffered: cpu.offered, memoryNeeded: memory.needed, memoryOffered: memory.offered, addons: parts },
  });
}
