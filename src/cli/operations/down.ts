// Use case `down`: finds the stack by its labels, also when nothing is known of it on this machine.
import { discoverStacks, findProvider } from '../../clusters/index.ts';
import { execute } from '../../engine/execute.ts';
import { clusterName } from '../../model/label.ts';
import { refText } from '../../model/object.ts';
import type { Plan } from '../../model/plan.ts';
import { planDown } from '../../plan/plan-down.ts';
import type { Ports } from '../../ports.ts';
import type { DownResult, RunOptions } from '../use-cases.ts';
import { type Journals, journalled } from './journals.ts';
import { providerContext } from './up.ts';

/** Where a stack that left no label would have been made. */
const DEFAULT_PROVIDER = 'kind';

async function partsOf(ports: Ports, input: { readonly stack: string; readonly cluster: string; readonly provider: string }, signal: AbortSignal): Promise<readonly string[]> {
  const provider = await findProvider(input.provider);
  if (provider.capabilities.ownsCluster) return [];
  const access = await provider.access(input.stack, input.cluster, providerContext(ports, signal));
  if (access?.runtime !== 'kubernetes') return [];
  const client = await ports.kubeConnector.connect(access);
  try {
    return (await ports.kubeSets.inventories(client, input.stack, signal)).map((inventory) => inventory.part);
  } finally {
    client.close();
  }
}

export async function planDownStack(ports: Ports, stack: string, { signal }: RunOptions): Promise<Plan> {
  const found = (await discoverStacks(ports.docker)).find((candidate) => candidate.stack === stack);
  const target = { stack, cluster: found?.cluster ?? clusterName(stack), provider: found?.provider ?? DEFAULT_PROVIDER };
  return planDown({ ...target, parts: await partsOf(ports, target, signal) }, await findProvider(target.provider));
}

export async function downStack(ports: Ports, journals: Journals, plan: Plan, options: RunOptions): Promise<DownResult> {
  const started = ports.clock.monotonic();
  const destroy = plan.steps.find((step) => step.kind === 'destroy');
  const provider = await findProvider(destroy?.cluster.provider ?? DEFAULT_PROVIDER);
  const { run } = await journalled(journals, { stack: plan.stack, command: 'down' }, (journal) => execute(plan, {
    stack: plan.stack, ports, provider, emit: options.emit, overwrite: false, record: (entry) => journal.record(entry),
  }, options.signal));
  await run.close();
  await journals.remove(plan.stack);
  return {
    stack: plan.stack, removed: run.removed,
    kept: run.keptObjects.map(({ ref, reason }) => ({ what: refText(ref), reason })),
    durationMs: Math.round(ports.clock.monotonic() - started),
  };
}
