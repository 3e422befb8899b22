// Use cases `plan` and `up`.
import { findProvider } from '../../clusters/index.ts';
import type { ProviderContext } from '../../clusters/provider.ts';
import { execute } from '../../engine/execute.ts';
import type { Access } from '../../model/access.ts';
import { failedError, preconditionError } from '../../model/error.ts';
import type { Plan, StepKind } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';
import { observe } from '../../plan/observe.ts';
import { planUp } from '../../plan/plan-up.ts';
import type { Ports } from '../../ports.ts';
import type { RunOptions, UpResult, UseCases } from '../use-cases.ts';
import { type Journals, journalled } from './journals.ts';

/** Steps whose work leaves something behind; the others fetch, wait and ask. */
const CHANGING: readonly StepKind[] = ['cluster', 'images', 'apply'];

export function providerContext(ports: Ports, signal: AbortSignal): ProviderContext {
  return { ports, signal, onProgress: () => undefined };
}

function refuseForeign(spec: StackSpec, reason: string | undefined): never {
  throw preconditionError({
    code: 'cluster-not-ours', message: `a cluster ${spec.cluster} exists that devstack did not make`,
    ...(reason === undefined ? {} : { reason }), hints: [{ text: 'take another name', command: `devstack up ${spec.preset} --name ${spec.name}-2` }],
  });
}

export async function planStack(ports: Ports, spec: StackSpec, { signal }: RunOptions): Promise<Plan> {
  const provider = await findProvider(spec.provider);
  const [problem] = provider.problems(spec);
  if (problem !== undefined) throw preconditionError({ code: 'provider-refuses', message: problem, hints: [{ text: 'change the stack', command: 'devstack help up' }] });
  const notes = await provider.admit?.(spec, providerContext(ports, signal)) ?? [];
  const facts = await observe(spec, provider, providerContext(ports, signal));
  if (facts.cluster.state === 'foreign') refuseForeign(spec, facts.cluster.reason);
  const plan = planUp(spec, facts, provider);
  return { ...plan, notes: [...notes, ...plan.notes] };
}

/** How kubectl reaches it; nothing where no Kubernetes runs. */
export function kubernetesWords(access: Access): Pick<UpResult, 'context' | 'kubeconfig'> {
  return access.runtime === 'kubernetes' ? { context: access.context, kubeconfig: access.kubeconfig } : { context: undefined, kubeconfig: undefined };
}

export async function upStack(
  ports: Ports, journals: Journals, input: { readonly spec: StackSpec; readonly plan: Plan }, options: Parameters<UseCases['up']>[2],
): Promise<UpResult> {
  const { spec, plan } = input;
  const started = ports.clock.monotonic();
  const provider = await findProvider(spec.provider);
  for (const note of plan.notes) options.emit({ type: 'note', message: note });
  const { run, changed } = await journalled(journals, { stack: spec.name, command: 'up' }, (journal) => execute(plan, {
    stack: spec.name, ports, provider, emit: options.emit, overwrite: options.overwrite, record: (entry) => journal.record(entry),
  }, options.signal));
  await run.close();
  if (run.access === undefined) throw failedError({ code: 'no-cluster', message: 'the provider gave no way to reach the cluster' });
  for (const kept of run.keptFields) {
    options.emit({ type: 'warning', message: `kept: ${kept.fields.join(', ')} of ${kept.ref.kind} ${kept.ref.name} was changed by ${kept.manager}`,
      hints: [{ text: 'take it back', command: `devstack up ${spec.preset} --name ${spec.name} --overwrite` }] });
  }
  return {
    stack: spec.name, provider: spec.provider, ...kubernetesWords(run.access),
    endpoints: run.verified.map((endpoint) => ({ ...endpoint, verified: true })),
    durationMs: Math.round(ports.clock.monotonic() - started),
    changed: changed.filter((id) => plan.steps.some((step) => step.id === id && CHANGING.includes(step.kind))).length,
    notes: plan.notes, kept: run.keptFields,
  };
}
