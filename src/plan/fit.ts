// Does it fit: requests of everything against what the nodes offer, before anything is made. Pure.
import type { Addon } from '../addons/addon.ts';
import { preconditionError } from '../model/error.ts';
import type { EngineFacts } from '../model/fact.ts';
import type { StackSpec } from '../model/stack.ts';

/** What a kubeadm control plane with kindnet and CoreDNS requests (kubeadm defaults: 100+250+200+100+2×100+100 millicores). */
const CONTROL_PLANE = { cpuMilli: 950, memoryMi: 290 };
/** kindnet on every further node. */
const WORKER = { cpuMilli: 100, memoryMi: 50 };
/** queue-proxy of one Knative pod (config-deployment default). */
const SAMPLE = { cpuMilli: 25, memoryMi: 0 };
/** Tolerated shortage: rounding of engines that report a little less memory than was asked for. */
const MEMORY_SLACK = 0.95;

export interface FitResult {
  readonly cpu: { readonly needed: number; readonly offered: number };
  readonly memory: { readonly needed: number; readonly offered: number };
  readonly fits: boolean;
}

/** Millicores and MiB that the stack requests, and that its nodes offer together. */
export function measureFit(addons: readonly Addon[], spec: StackSpec, engine: EngineFacts): FitResult {
  const parts = addons.map((addon) => (spec.fit ? addon.fitFootprint : addon.footprint));
  const cpuNeeded = CONTROL_PLANE.cpuMilli + WORKER.cpuMilli * (spec.nodes - 1)
    + parts.reduce((sum, part) => sum + part.cpuMilli, 0) + SAMPLE.cpuMilli * spec.samples.length;
  const memoryNeeded = CONTROL_PLANE.memoryMi + WORKER.memoryMi * (spec.nodes - 1) + parts.reduce((sum, part) => sum + part.memoryMi, 0);
  // Every node in a container reports the CPUs and the memory of the whole engine; the memory is really shared.
  const cpuOffered = engine.cpus * 1000 * spec.nodes;
  const memoryOffered = engine.memoryMi;
  return {
    cpu: { needed: cpuNeeded, offered: cpuOffered },
    memory: { needed: memoryNeeded, offered: memoryOffered },
    fits: cpuNeeded <= cpuOffered && memoryNeeded * MEMORY_SLACK <= memoryOffered,
  };
}

function largest(addons: readonly Addon[]): Addon | undefined {
  return [...addons].filter((addon) => addon.wants.length === 0).sort((a, b) => b.footprint.cpuMilli - a.footprint.cpuMilli)[0];
}

/** Throws `does-not-fit` with what would. */
export function requireFit(addons: readonly Addon[], spec: StackSpec, engine: EngineFacts): void {
  const fit = measureFit(addons, spec, engine);
  if (fit.fits) return;
  const cpuShort = fit.cpu.needed > fit.cpu.offered;
  const wish = `devstack up ${spec.preset}${spec.addons.length > 0 ? ` --with ${spec.addons.join(',')}` : ''}`;
  const hints = [];
  if (!spec.fit && measureFit(addons, { ...spec, fit: true }, engine).fits) {
    hints.push({ text: 'lower the requests of the addons to what they use when idle', command: `${wish} --fit` });
  }
  if (cpuShort) hints.push({ text: 'add a node (it counts the same CPUs once more)', command: `${wish} --nodes ${spec.nodes + 1}` });
  const big = largest(addons);
  if (big !== undefined) hints.push({ text: `leave out ${big.id} (${big.footprint.cpuMilli}m CPU, ${big.footprint.memoryMi} MiB)` });
  hints.push({ text: 'give the engine more CPUs and memory (Docker Desktop: Settings → Resources)' });
  throw preconditionError({
    code: 'does-not-fit',
    message: cpuShort
      ? `the stack requests ${fit.cpu.needed}m CPU, the engine offers ${fit.cpu.offered}m`
      : `the stack requests ${fit.memory.needed} MiB of memory, the engine offers ${fit.memory.offered} MiB`,
    reason: addons.map((addon) => `${addon.id} ${(spec.fit ? addon.fitFootprint : addon.footprint).cpuMilli}m`).join(', '),
    hints, details: { cpuNeeded: fit.cpu.needed, cpuOffered: fit.cpu.offered, memoryNeeded: fit.memory.needed, memoryOffered: fit.memory.offered },
  });
}
