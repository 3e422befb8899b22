// Use case `down`: finds the stack by its labels, also when nothing is known of it on this machine.
import { discoverStacks, findProvider } from '../../clusters/index.ts';
import { execute } from '../../engine/execute.ts';
import { clusterName } from '../../model/label.ts';
import { refText } from '../../model/object.ts';
import type { Plan } from '../../model/plan.ts';
import { type DownFacts, planDown } from '../../plan/plan-down.ts';
import type { Ports } from '../../ports.ts';
import type { DownResult, RunOptions } from '../use-cases.ts';
import { madeObjects } from './addon.ts';
import { alone, type Journals, journalled } from './journals.ts';
import { providerContext } from './up.ts';

/** Where a stack that left no label would have been made. */
const DEFAULT_PROVIDER = 'kind';

type Contents = Pick<DownFacts, 'parts' | 'objects'>;

/** What a cluster that is not ours holds of the stack; one that is ours goes as a whole. */
async function contentsOf(ports: Ports, input: { readonly stack: string; readonly cluster: string; readonly provider: string }, signal: AbortSignal): Promise<Contents> {
  const provider = await findProvider(input.provider);
  const access = provider.capabilities.ownsCluster ? undefined : await provider.access(input.stack, input.cluster, providerContext(ports, signal));
  if (access?.runtime !== 'kubernetes') return { parts: [], objects: [] };
  const client = await ports.kubeConnector.connect(access);
  try {
    const inventories = await ports.kubeSets.inventories(client, input.stack, signal);
    return { parts: inventories.map(({ part }) => part), objects: await madeObjects(client, inventories, signal) };
  } finally {
    client.close();
  }
}

export async function planDownStack(ports: Ports, stack: string, { signal }: RunOptions): Promise<Plan> {
  const found = (await discoverStacks(ports)).find((candidate) => candidate.stack === stack);
  const target = { stack, cluster: found?.cluster ?? clusterName(stack), provider: found?.provider ?? DEFAULT_PROVIDER };
  return planDown({ ...target, ...await contentsOf(ports, target, signal) }, await findProvider(target.provider));
}

/** One run at a time: who had to wait plans anew, for the stack is another one now. */
export function downStack(ports: Ports, journals: Journals, plan: Plan, options: RunOptions): Promise<DownResult> {
  return alone(journals, plan.stack, options, async (hasWaited) => (
    removeStack(ports, journals, hasWaited ? await planDownStack(ports, plan.stack, options) : plan, options)
  ));
}

/** The caller holds the lock of the stack. */
export async function removeStack(ports: Ports, journals: Journals, plan: Plan, options: RunOptions): Promise<DownResult> {
  const started = ports.clock.monotonic();
  const destroy = plan.steps.find((step) => step.kind === 'destroy');
  const provider = await findProvider(destroy?.cluster.provider ?? DEFAULT_PROVIDER);
  const isInside = plan.steps.some((step) => step.kind === 'remove');
  const access = isInside && destroy !== undefined ? await provider.access(plan.stack, destroy.cluster.cluster, providerContext(ports, options.signal)) : undefined;
  const { run } = await journalled(journals, { stack: plan.stack, command: 'down' }, (journal) => execute(plan, {
    stack: plan.stack, ports, provider, emit: options.emit, overwrite: false, record: (entry) => journal.record(entry), ...(access === undefined ? {} : { access }),
  }, options.signal));
  await run.close();
  await journals.remove(plan.stack);
  return {
    stack: plan.stack, removed: run.removed,
    kept: run.keptObjects.map(({ ref, reason }) => ({ what: refText(ref), reason })),
    durationMs: Math.round(ports.clock.monotonic() - started), label: provider.label,
  };
}
