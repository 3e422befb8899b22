// Use cases of `deploy` and `delete`: carrying out their plans.
import { findProvider } from '../../clusters/index.ts';
import { execute } from '../../engine/execute.ts';
import type { KubernetesAccess } from '../../model/access.ts';
import { isDevstackError } from '../../model/error.ts';
import { refText } from '../../model/object.ts';
import type { Plan } from '../../model/plan.ts';
import { appPart } from '../../plan/plan-deploy.ts';
import type { Ports } from '../../ports.ts';
import type { AppRef, DeployResult, PlannedDeploy } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { type ListeningWatch, watchListening } from './app-listening.ts';
import { appTarget } from './app-target.ts';
import { type Journals, journalled } from './journals.ts';

export async function deployApp(ports: Ports, journals: Journals, planned: PlannedDeploy, options: RunOptions & { readonly overwrite: boolean }): Promise<DeployResult> {
  const { plan, app, kind, stack, namespace, watch, reached } = planned;
  const started = ports.clock.monotonic();
  const { run, changed, label } = await carryOut(ports, journals, { plan, command: 'deploy', overwrite: options.overwrite, watch, reached }, options);
  return {
    app, kind, stack, namespace, label, images: plan.steps.flatMap((step) => (step.kind === 'build' ? [step.build.image] : [])),
    endpoints: run.verified.map((endpoint) => ({ ...endpoint, verified: true })),
    changed: changed.filter((id) => id !== 'wait' && id !== 'probe').length, durationMs: Math.round(ports.clock.monotonic() - started),
  };
}

export function planRemoveApp({ app, stack }: AppRef): Plan {
  return {
    schema: 1, stack, notes: [], endpoints: [],
    steps: [{ kind: 'remove', id: 'remove', title: `Remove ${app}`, lane: app, needs: [], stack, part: appPart(app), destructive: true }],
  };
}

export async function removeApp(ports: Ports, journals: Journals, plan: Plan, options: RunOptions) {
  const { run } = await carryOut(ports, journals, { plan, command: 'delete', overwrite: false }, options);
  return { removed: run.removed, kept: run.keptObjects.map(({ ref, reason }) => ({ what: refText(ref), reason })) };
}

interface Job {
  readonly plan: Plan;
  readonly command: string;
  readonly overwrite: boolean;
  readonly watch?: ListeningWatch | undefined;
  readonly reached?: PlannedDeploy['reached'];
}

async function carryOut(ports: Ports, journals: Journals, { plan, command, overwrite, watch, reached }: Job, options: RunOptions) {
  const { provider, access } = reached === undefined ? await appTarget(ports, plan.stack, options) : { provider: await findProvider(reached.provider), access: reached.access };
  for (const note of plan.notes) options.emit({ type: 'note', message: note });
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const watching = watch === undefined ? undefined : watchInBackground(ports, access, watch, stop);
  const done = await journalled(journals, { stack: plan.stack, command }, async (journal) => {
    try {
      return await execute(plan, { stack: plan.stack, ports, provider, access, emit: options.emit, overwrite, record: (entry) => journal.record(entry) }, signal);
    } catch (thrown) {
      // What stopped the run says more than that it was stopped.
      throw stop.signal.aborted && !options.signal.aborted ? stop.signal.reason : thrown;
    }
  }).finally(() => watching?.end());
  await done.run.close();
  for (const { ref, manager, fields } of done.run.keptFields) {
    const message = `kept: ${fields.join(', ')} of ${refText(ref)} was changed by ${manager}`;
    options.emit({ type: 'warning', message, hints: [{ text: 'take it back', command: `devstack ${command} --overwrite` }] });
  }
  return { ...done, label: provider.label };
}

/** Aborts `stop` with the error when the app turns out not to listen. What else goes wrong while watching is left to the run itself. */
function watchInBackground(ports: Ports, access: KubernetesAccess, watch: ListeningWatch, stop: AbortController) {
  const over = new AbortController();
  const watching = (async () => {
    const client = await ports.kubeConnector.connect(access);
    try {
      await watchListening(client, ports.clock, watch, over.signal);
    } catch (thrown) {
      if (isDevstackError(thrown) && thrown.code === 'app-not-listening') stop.abort(thrown);
    } finally {
      client.close();
    }
  })();
  watching.catch(() => undefined);
  return {
    async end() {
      over.abort();
      await watching.catch(() => undefined);
    },
  };
}
