import { describe, expect, test } from 'vitest';
import type { ClusterProvider } from '../../src/clusters/provider.ts';
import { execute } from '../../src/engine/execute.ts';
import type { JournalEntry, RunInput } from '../../src/engine/run.ts';
import { failedError } from '../../src/model/error.ts';
import type { DevstackEvent } from '../../src/model/event.ts';
import type { ApplyStep, ClusterStep, Plan, Step, WaitStep } from '../../src/model/plan.ts';
import type { ApplyReport, KubeSets, Manifests, ObjectSet } from '../../src/ports.ts';
import { fakeClient, fakePorts, only } from '../fakes/ports.ts';

const ACCESS = { runtime: 'kubernetes', kubeconfig: '/nowhere', context: 'kind-devstack-t' } as const;
const CLUSTER = { stack: 't', cluster: 'devstack-t', provider: 'test', nodeImage: undefined, kubernetes: undefined, nodes: 1, managers: 0, ports: [], settings: {} };
const NOTHING: ApplyReport = { created: [], changed: [], unchanged: 0, pruned: [], kept: [] };

function clusterStep(): ClusterStep {
  return { kind: 'cluster', id: 'cluster', title: 'cluster', lane: 'c', needs: [], cluster: CLUSTER };
}
function applyStep(part: string, ...needs: string[]): ApplyStep {
  return { kind: 'apply', id: part, title: part, lane: part, needs, part, sources: [], patches: [], imageRules: [] };
}
function waitStep(id: string, timeoutMs: number, ...needs: string[]): WaitStep {
  return { kind: 'wait', id, title: id, lane: id, needs, refs: [], timeoutMs };
}
function planOf(...steps: Step[]): Plan {
  return { schema: 1, stack: 't', steps, notes: [], endpoints: [] };
}

interface World {
  readonly input: RunInput;
  readonly events: DevstackEvent[];
  readonly journal: JournalEntry[];
  readonly applied: string[];
}

function world(sets: Partial<KubeSets> = {}): World {
  const events: DevstackEvent[] = [];
  const journal: JournalEntry[] = [];
  const applied: string[] = [];
  const kubeSets = only<KubeSets>('kubeSets', {
    compare: async () => 'absent',
    status: async () => [],
    releaseLeases: async () => undefined,
    apply: async (_client, set: ObjectSet) => { applied.push(set.part); return NOTHING; },
    ...sets,
  });
  const provider = only<ClusterProvider>('provider', {
    observe: async () => ({ state: 'absent', nodes: 0 }),
    create: async () => ACCESS,
  });
  const ports = fakePorts({ kubeSets, kubeConnector: { connect: async () => fakeClient() }, manifests: only<Manifests>('manifests', { load: async () => [] }) });
  const input: RunInput = {
    stack: 't', ports, provider, overwrite: false, emit: (event) => events.push(event),
    record: async (entry) => { journal.push(entry); },
  };
  return { input, events, journal, applied };
}

const states = (events: readonly DevstackEvent[]) => events.flatMap((event) => (event.type === 'step' ? [`${event.id} ${event.state}`] : []));
const forever = new AbortController().signal;
const untilAborted = (signal: AbortSignal) => new Promise<never>((_, reject) => {
  const stop = () => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
});

describe('execute', () => {
  test('runs a step only after everything it needs', async () => {
    const { input, events } = world();
    await execute(planOf(clusterStep(), applyStep('a', 'cluster'), applyStep('b', 'a')), input, forever);
    expect(states(events)).toEqual(['cluster started', 'cluster done', 'a started', 'a done', 'b started', 'b done']);
  });

  test('runs independent steps at the same time', async () => {
    let arrived = 0;
    let open: () => void = () => undefined;
    const both = new Promise<void>((resolve) => { open = resolve; });
    const { input } = world({ apply: async () => { arrived += 1; if (arrived === 2) open(); await both; return NOTHING; } });
    await execute(planOf(clusterStep(), applyStep('a', 'cluster'), applyStep('b', 'cluster')), input, forever);
    expect(arrived).toBe(2);
  });

  test('writes intent before an effect and its end after it', async () => {
    const seen: string[] = [];
    const { input, journal } = world({ apply: async () => { seen.push(journal.map((entry) => `${entry.step} ${entry.state}`).join()); return NOTHING; } });
    await execute(planOf(clusterStep(), applyStep('a', 'cluster')), input, forever);
    expect(seen).toEqual(['cluster intent,cluster done,a intent']);
    expect(journal.at(-1)).toEqual({ step: 'a', state: 'done' });
  });

  test('what is ready is neither run nor journalled', async () => {
    const { input, events, journal, applied } = world({ compare: async () => 'unchanged' });
    const { changed } = await execute(planOf(clusterStep(), applyStep('a', 'cluster')), input, forever);
    expect(applied).toEqual([]);
    expect(changed).toEqual(['cluster']);
    expect(journal.filter((entry) => entry.step === 'a')).toEqual([]);
    expect(states(events)).toContain('a unchanged');
  });

  test('pods of a set wait for the steps that are named, the set itself does not', async () => {
    const { input, events } = world({ apply: async (_client, _set, { untilPods }) => { await untilPods?.(); return NOTHING; } });
    await execute(planOf(clusterStep(), waitStep('names', 1_000, 'cluster'), { ...applyStep('a', 'cluster'), podsAfter: ['names'] }), input, forever);
    const order = states(events);
    expect(order.indexOf('a started')).toBeLessThan(order.indexOf('names unchanged'));
    expect(order.indexOf('names unchanged')).toBeLessThan(order.indexOf('a done'));
  });

  test('a failure stops the others, waits for them, and is the error', async () => {
    const failure = failedError({ code: 'kube-error', message: 'no' });
    let stopped = false;
    const { input, events } = world({
      apply: async (_client, set, { signal }) => {
        if (set.part === 'bad') throw failure;
        return untilAborted(signal).finally(() => { stopped = true; });
      },
    });
    const plan = planOf(clusterStep(), applyStep('slow', 'cluster'), applyStep('bad', 'cluster'), applyStep('later', 'bad'));
    await expect(execute(plan, input, forever)).rejects.toBe(failure);
    expect(stopped).toBe(true);
    expect(states(events)).toContain('bad failed');
    expect(states(events)).toContain('slow cancelled');
    expect(states(events)).not.toContain('later started');
  });

  test('an abort from outside ends as interrupted, with the running steps cancelled', async () => {
    const controller = new AbortController();
    const { input, events } = world({ apply: async (_client, _set, { signal }) => { controller.abort(); return untilAborted(signal); } });
    await expect(execute(planOf(clusterStep(), applyStep('a', 'cluster')), input, controller.signal)).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    expect(states(events)).toContain('a cancelled');
  });

  test('a step whose time is up says so', async () => {
    const { input } = world({ status: async () => [{ ref: { apiVersion: 'v1', kind: 'Pod', name: 'p' }, state: 'pending', message: '' }], wait: async (_client, _refs, { signal }) => untilAborted(signal) });
    const plan = planOf(clusterStep(), waitStep('w', 1, 'cluster'));
    await expect(execute(plan, input, forever)).rejects.toMatchObject({ code: 'step-timeout', exit: 4 });
  });

  test('a plan out of order is a bug of ours', async () => {
    const { input } = world();
    await expect(execute(planOf(applyStep('a', 'cluster'), clusterStep()), input, forever)).rejects.toThrow('out of order');
  });
});
