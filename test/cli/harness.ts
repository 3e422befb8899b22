// Runs main() as a person would, with a stand-in for the use cases: argv in; stdout, stderr and exit code out.
import { PassThrough } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import type { UseCases } from '../../src/cli/use-cases.ts';
import type { NetworkSettings } from '../../src/config/resolve.ts';
import type { StackFacts } from '../../src/model/fact.ts';
import type { Endpoint, Plan } from '../../src/model/plan.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { only } from '../fakes/ports.ts';

export const endpoint: Endpoint = {
  name: 'hello', url: 'http://hello.default.127.0.0.1.sslip.io:8080/', host: 'hello.default.127.0.0.1.sslip.io', address: '127.0.0.1:8080', path: '/',
  curl: 'curl http://hello.default.127.0.0.1.sslip.io:8080/',
};

export const upPlan: Plan = {
  schema: 1, stack: 'dev', notes: ['domain 127.0.0.1.sslip.io: it resolves here'], endpoints: [endpoint],
  steps: [
    { kind: 'fetch', id: 'fetch', title: 'Fetch tools and manifests', lane: 'Cluster', needs: [], artifacts: [], tools: [], why: 'everything is verified before anything is made' },
    { kind: 'wait', id: 'wait', title: 'Wait for Knative Serving', lane: 'Knative Serving', needs: ['fetch'], refs: [] },
  ],
};

export const downPlan: Plan = {
  schema: 1, stack: 'dev', notes: [], endpoints: [],
  steps: [{ kind: 'forget', id: 'forget', title: 'Remove kubeconfig and journal', lane: 'This machine', needs: [], stack: 'dev', cluster: 'devstack-dev', destructive: true }],
};

/** What the stand-in was asked, in order. */
export interface Asked {
  readonly spec?: StackSpec;
  readonly call: string;
}

export function standIn(asked: Asked[], overrides: Partial<UseCases> = {}): UseCases {
  return only<UseCases>('useCases', {
    chooseProvider: async ({ provider }) => ({ provider, why: undefined, isSomebodys: false }),
    async planUp(spec) {
      asked.push({ call: 'planUp', spec });
      return { ...upPlan, stack: spec.name };
    },
    async up(spec, plan, { emit }) {
      asked.push({ call: 'up', spec });
      emit({ type: 'plan', stack: plan.stack, steps: plan.steps.map(({ id, kind, title, lane }) => ({ id, kind, title, lane })) });
      for (const { id } of plan.steps) {
        emit({ type: 'step', id, state: 'started' });
        emit({ type: 'step', id, state: 'done', durationMs: 1200 });
      }
      return {
        stack: spec.name, provider: spec.provider, context: `kind-${spec.cluster}`, kubeconfig: `/state/${spec.name}/kubeconfig`, durationMs: 134_000, changed: 2,
        endpoints: [{ ...endpoint, status: 200, verified: true, durationMs: 12 }], notes: plan.notes, kept: [],
      };
    },
    async planDown(stack) {
      asked.push({ call: `planDown ${stack}` });
      return { ...downPlan, stack };
    },
    async down(plan) {
      asked.push({ call: `down ${plan.stack}` });
      return { stack: plan.stack, removed: ['container devstack-dev-control-plane'], kept: [], durationMs: 2300 };
    },
    async leash({ stack, ttlMs, parent }) {
      asked.push({ call: `leash ${stack} ${ttlMs ?? '-'} ${parent ?? '-'}` });
    },
    stacks: async () => [],
    status: async () => [],
    env: async (stack) => ({ stack: stack ?? 'dev', kubeconfig: `/state/${stack ?? 'dev'}/kube config`, context: 'kind-devstack-dev' }),
    async mergeKubeconfig(stack, use) {
      asked.push({ call: `merge ${stack} ${use}` });
      return { path: '/home/ada/.kube/config', context: `kind-devstack-${stack}` };
    },
    async exec({ command, env }) {
      asked.push({ call: `exec ${command.join(' ')} ${Object.keys(env).join(',')}` });
      return 7;
    },
    async collect(stack, folder) {
      asked.push({ call: `collect ${stack} ${folder}` });
      return 2;
    },
    async stop(stack) {
      asked.push({ call: `stop ${stack}` });
      return { stack: stack ?? 'dev', wasRunning: true };
    },
    async start(stack) {
      asked.push({ call: `start ${stack}` });
      return {
        stack: stack ?? 'dev', provider: 'kind', context: 'kind-devstack-dev', kubeconfig: '/state/dev/kubeconfig', durationMs: 9_000, changed: 1,
        endpoints: [{ ...endpoint, status: 200, verified: true, durationMs: 12 }], notes: [], kept: [],
      };
    },
doctor: async () => [],
    ...overrides,
  });
}

export function stackFacts(...names: readonly string[]): readonly StackFacts[] {
  return names.map((stack) => ({ stack, provider: 'kind', cluster: `devstack-${stack}`, port: 8080 }));
}

export interface RunOptions {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  readonly useCases?: Partial<UseCases>;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly asked: readonly Asked[];
  /** How downloads were to travel, when the use cases were composed. */
  readonly network: NetworkSettings | undefined;
}

/** A folder without devstack.yaml: no test reads one that it did not write. */
const NOWHERE = '/nonexistent/devstack-test';

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const written = { stdout: '', stderr: '' };
  const asked: Asked[] = [];
  let network: NetworkSettings | undefined;
  let ticks = 0;
  const output = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => { written[name] += text; }, isTTY: options.isTerminal ?? false, columns: options.columns ?? (options.isTerminal === true ? 80 : undefined),
  });
  const io = {
    stdin: Object.assign(new PassThrough(), { isTTY: options.isTerminal ?? false }), stdout: output('stdout'), stderr: output('stderr'),
    env: options.env ?? {}, cwd: options.cwd ?? NOWHERE, signal: options.signal ?? new AbortController().signal,
    clock: { now: () => 1_700_000_000_000, monotonic: () => { ticks += 1; return ticks; } },
  };
  const code = await main(argv, io, async (_io, settings) => {
    network = settings;
    return standIn(asked, options.useCases);
  });
  return { code, ...written, asked, network };
}

/** The last line of `--json`, parsed. */
export function lastLine(result: RunResult): { readonly [field: string]: unknown } {
  return JSON.parse(result.stdout.trimEnd().split('\n').at(-1) ?? '') as { [field: string]: unknown };
}
