// Use cases `plan` and `up`.
import { findProvider } from '../../clusters/index.ts';
import type { ClusterProvider, ProviderContext } from '../../clusters/provider.ts';
import { execute } from '../../engine/execute.ts';
import { type Access, remoteHost } from '../../model/access.ts';
import { failedError, preconditionError } from '../../model/error.ts';
import type { Facts } from '../../model/fact.ts';
import type { Plan, StepKind } from '../../model/plan.ts';
import type { StackSpec } from '../../model/stack.ts';
import { observe } from '../../plan/observe.ts';
import { artifactsOf, withOutlines } from '../../plan/outline.ts';
import { planFrom } from '../../plan/plan-from.ts';
import { planUp } from '../../plan/plan-up.ts';
import type { Ports } from '../../ports.ts';
import type { RunOptions, UpResult, UseCases } from '../use-cases.ts';
import { alone, type Journals, journalled } from './journals.ts';

/** Steps whose work leaves something behind; the others fetch, wait and ask. */
const CHANGING: readonly StepKind[] = ['cluster', 'images', 'registry', 'apply'];

export function providerContext(ports: Ports, signal: AbortSignal): ProviderContext {
  return { ports, signal, onProgress: () => undefined };
}

function refuseForeign(spec: StackSpec, reason: string | undefined): never {
  throw preconditionError({
    code: 'cluster-not-ours', message: `a cluster ${spec.cluster} exists that devstack did not make`,
    ...(reason === undefined ? {} : { reason }), hints: [{ text: 'take another name', command: `devstack up ${spec.preset} --name ${spec.name}-2` }],
  });
}

/** Two stacks of one name would share kubeconfig and journal. */
function requireSameProvider({ name, provider, preset }: StackSpec, { stacks }: Facts): void {
  const other = stacks.find((found) => found.stack === name && found.provider !== provider);
  if (other === undefined) return;
  throw preconditionError({
    code: 'stack-elsewhere', message: `stack ${name} exists already, on ${other.provider}`,
    hints: [{ text: 'take another name', command: `devstack up ${preset} --provider ${provider} --name ${name}-2` }, { text: 'or remove that one', command: `devstack down ${name}` }],
  });
}

function requireSameSettings({ name, settings = {} }: StackSpec, { cluster }: Facts, { fixedSettings = [] }: ClusterProvider): void {
  const changed = cluster.state === 'absent' ? undefined : fixedSettings.find((key) => settings[key] !== undefined && cluster.settings?.[key] !== settings[key]);
  if (changed === undefined) return;
  throw preconditionError({
    code: 'setting-fixed', message: `the ${changed} of stack ${name} were chosen when it was made: ${cluster.settings?.[changed] ?? 'none'}`,
    hints: [{ text: 'make it again', command: `devstack down ${name}` }],
  });
}

/** Wishes that only a swarm can have. */
function swarmOnly({ settings = {} }: StackSpec, { runtime, title }: ClusterProvider): readonly string[] {
  const wrong = runtime === 'swarm' ? [] : ['autolock', 'encrypt', 'existing'].filter((wish) => settings[wish] === 'true');
  return wrong.length === 0 ? [] : [`${wrong.map((wish) => `--${wish}`).join(', ')} ${wrong.length === 1 ? 'is' : 'are'} for a swarm, not for ${title}`];
}

/** On an engine elsewhere devstack makes no cluster: nothing of it could be reached from here. */
function refuseElsewhere({ docker }: Ports, { settings, preset, name }: StackSpec, { engine }: ClusterProvider): void {
  const host = remoteHost(docker.endpoint);
  if (host === undefined || engine !== undefined || settings?.['existing'] === 'true') return;
  throw preconditionError({
    code: 'engine-elsewhere', message: `the Docker engine is on ${host}: only a swarm that is there already can be used, and ${preset} would be made new`,
    hints: [{ text: 'use the swarm that it is part of', command: `devstack up swarm --existing --name ${name}` }],
  });
}

/** Said first of all, where one might take the stack for something else. */
export function labelsOf({ label }: Pick<ClusterProvider, 'label'>): readonly string[] {
  return label === undefined ? [] : [label];
}

/** A provider that installs nothing does without files that are not here. */
export async function outlined(ports: Ports, provider: ClusterProvider, plan: Plan): Promise<Plan> {
  if (provider.outlineOf === undefined) return plan;
  const cached = await Promise.all(artifactsOf(plan).map(async (artifact) => ((await ports.artifacts.has(artifact)) ? [artifact.url] : [])));
  return withOutlines(plan, provider, (url) => cached.flat().includes(url));
}

/** Steps before it can be left out only where they have been done. */
function partFrom(plan: Plan, { spec, from }: { readonly spec: StackSpec; readonly from: string | undefined }, { cluster }: Facts): Plan {
  if (from === undefined) return plan;
  const command = `devstack up ${spec.preset} --name ${spec.name}`;
  const part = planFrom(plan, from, command);
  if (cluster.state === 'running') return part;
  throw preconditionError({
    code: 'stack-not-running', message: `there is nothing to go on from: the cluster of ${plan.stack} is ${cluster.state}`,
    hints: [{ text: 'begin at the beginning', command }],
  });
}

export async function planStack(ports: Ports, spec: StackSpec, { signal, from }: RunOptions & { readonly from?: string }): Promise<Plan> {
  const provider = await findProvider(spec.provider);
  refuseElsewhere(ports, spec, provider);
  const [problem] = [...provider.problems(spec), ...swarmOnly(spec, provider)];
  if (problem !== undefined) throw preconditionError({ code: 'provider-refuses', message: problem, hints: [{ text: 'change the stack', command: 'devstack help up' }] });
  const notes = await provider.admit?.(spec, providerContext(ports, signal)) ?? [];
  const facts = await observe(spec, provider, providerContext(ports, signal));
  if (facts.cluster.state === 'foreign') refuseForeign(spec, facts.cluster.reason);
  requireSameProvider(spec, facts);
  requireSameSettings(spec, facts, provider);
  const plan = await outlined(ports, provider, partFrom(planUp(spec, facts, provider), { spec, from }, facts));
  return { ...plan, notes: [...labelsOf(provider), ...notes, ...plan.notes] };
}

/** How kubectl reaches it; nothing where no Kubernetes runs. */
export function kubernetesWords(access: Access): Pick<UpResult, 'context' | 'kubeconfig'> {
  return access.runtime === 'kubernetes' ? { context: access.context, kubeconfig: access.kubeconfig } : { context: undefined, kubeconfig: undefined };
}

interface Upping {
  readonly spec: StackSpec;
  readonly plan: Plan;
}

/** One run at a time: who had to wait plans anew, for the stack is another one now. */
export function upStack(ports: Ports, journals: Journals, { spec, plan }: Upping, options: Parameters<UseCases['up']>[2]): Promise<UpResult> {
  return alone(journals, spec.name, options, async (hasWaited) => (
    carryOut(ports, journals, { spec, plan: hasWaited ? await planStack(ports, spec, options) : plan }, options)
  ));
}

async function carryOut(ports: Ports, journals: Journals, { spec, plan }: Upping, options: Parameters<UseCases['up']>[2]): Promise<UpResult> {
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
    stack: spec.name, provider: spec.provider, label: provider.label, ...kubernetesWords(run.access),
    endpoints: run.verified.map((endpoint) => ({ ...endpoint, verified: true })),
    durationMs: Math.round(ports.clock.monotonic() - started),
    changed: changed.filter((id) => plan.steps.some((step) => step.id === id && CHANGING.includes(step.kind))).length,
    notes: plan.notes, kept: run.keptFields,
  };
}
