// One app on several runtimes, one after the other, so that none takes the machine from another.
import type { ComparedRun } from '../load/comparison.ts';
import { type DevstackError, type Hint, isAbortError, isDevstackError, preconditionError, usageError } from '../model/error.ts';
import type { AppRef, DeployRequest, RunKind } from './app-use-cases.ts';
import type { CommandContext } from './command.ts';
import type { RunOptions, UseCases } from './use-cases.ts';

export interface ComparedLoad {
  readonly rps: number;
  readonly concurrency: number;
  readonly durationMs: number;
  readonly timeoutMs: number;
  readonly path: string | undefined;
}

export interface Place {
  readonly kind: RunKind;
  /** Undefined: the only stack that can. */
  readonly stack: string | undefined;
}

export interface ComparisonWish {
  readonly source: string;
  readonly env: { readonly [name: string]: string };
  readonly places: readonly Place[];
  readonly load: ComparedLoad;
}

export interface Comparison {
  readonly app: string;
  readonly image: string;
  readonly runs: readonly ComparedRun[];
}

const START_MS = 60_000;
const CLEAN_UP_MS = 60_000;
/** Knative's shortest window, and no grace after it: an app that nobody asks rests after some seconds, not after a minute and a half. */
const SCALING = { 'autoscaling.knative.dev/window': '6s', 'autoscaling.knative.dev/scale-to-zero-pod-retention-period': '0s' };
const STACK_FOR: { readonly [K in RunKind]: Hint } = {
  knative: { text: 'make a stack with Knative', command: 'devstack up knative' },
  deployment: { text: 'make a stack with Kubernetes', command: 'devstack up knative' },
  swarm: { text: 'make a swarm', command: 'devstack up swarm --nodes 3 --name swarm' },
};

/** Throws `compare-stack-missing`, `compare-stack-ambiguous`, `compare-app-exists`, all before anything is done. */
export async function compareApp(wish: ComparisonWish, context: CommandContext): Promise<Comparison> {
  const useCases = await context.useCases();
  const options: RunOptions = { emit: context.emit, signal: context.io.signal };
  const places = await findStacks(wish, useCases);
  const jobs: Job[] = [];
  for (const place of places) jobs.push(await planJob(place, wish, { useCases, options, context }));
  const [first] = jobs;
  if (first === undefined) throw usageError({ code: 'compare-nowhere', message: 'compare: on what?', hints: [{ text: 'name some', command: `devstack compare ${wish.source} --on knative,swarm` }] });
  const runs: ComparedRun[] = [];
  for (const job of jobs) runs.push(await measure(job, wish.load, { useCases, options, context }));
  return { app: first.ref.app, image: first.image, runs };
}

interface Found {
  readonly kind: RunKind;
  readonly stack: string;
}

/** Every runtime that has no stack is told at once, each with the command that makes one. */
async function findStacks({ places, source }: ComparisonWish, useCases: UseCases): Promise<readonly Found[]> {
  const missing: RunKind[] = [];
  const found: Found[] = [];
  for (const { kind, stack } of places) {
    try {
      const runtime = kind === 'swarm' ? 'swarm' : 'kubernetes';
      const place = await useCases.findStack(stack, runtime);
      if (place.runtime !== runtime) throw unfit(kind, place.stack);
      found.push({ kind, stack: place.stack });
    } catch (thrown) {
      if (!isDevstackError(thrown) || stack !== undefined) throw thrown;
      if (thrown.code === 'stack-ambiguous') throw ambiguous(kind, { places, source }, thrown);
      if (thrown.code !== 'stack-unknown') throw thrown;
      missing.push(kind);
    }
  }
  if (missing.length === 0) return found;
  const hints = missing.map((kind) => STACK_FOR[kind]);
  throw preconditionError({
    code: 'compare-stack-missing', message: `no stack runs ${missing.join(' or ')}`,
    hints: hints.filter((hint, index) => hints.findIndex(({ command }) => command === hint.command) === index),
  });
}

function unfit(kind: RunKind, stack: string): DevstackError {
  return usageError({ code: 'compare-stack-unfit', message: `stack ${stack} does not run ${kind}`, hints: [STACK_FOR[kind]] });
}

function ambiguous(kind: RunKind, { places, source }: Pick<ComparisonWish, 'places' | 'source'>, { reason }: DevstackError): DevstackError {
  const first = (reason ?? '').split(', ')[0] ?? 'NAME';
  const words = places.map((place) => [place.kind, place.kind === kind ? first : place.stack].filter((word) => word !== undefined).join('='));
  return usageError({
    code: 'compare-stack-ambiguous', message: `several stacks could run ${kind}`, ...(reason === undefined ? {} : { reason }),
    hints: [{ text: 'name one', command: `devstack compare ${source} --on ${words.join(',')}` }],
  });
}

interface Work {
  readonly useCases: UseCases;
  readonly options: RunOptions;
  readonly context: CommandContext;
}

interface Job {
  readonly ref: AppRef;
  readonly image: string;
  deploy(): Promise<unknown>;
}

/** Reads only. An app of that name is somebody's: it is not deployed over. */
async function planJob({ kind, stack }: Found, { source, env }: ComparisonWish, { useCases, options, context }: Work): Promise<Job> {
  const request: DeployRequest = {
    source, cwd: context.io.cwd, stack, kind, namespace: 'default', env, annotations: kind === 'knative' ? SCALING : {}, buildArgs: {}, port: undefined, probePath: '/', startMs: START_MS,
  };
  const job = kind === 'swarm' ? await swarmJob(request, stack, { useCases, options }) : await kubernetesJob(request, { useCases, options });
  if ((await useCases.apps(stack, options)).every(({ app }) => app !== job.ref.app)) return job;
  throw preconditionError({
    code: 'compare-app-exists', message: `${job.ref.app} is deployed in ${stack} already, and would be taken away at the end`,
    hints: [{ text: 'remove it first', command: `devstack delete ${job.ref.app} --name ${stack}` }],
  });
}

async function swarmJob(request: DeployRequest, stack: string, { useCases, options }: Omit<Work, 'context'>): Promise<Job> {
  const { plan } = await useCases.planSwarmApp(request, options);
  const image = plan.services[0]?.TaskTemplate.ContainerSpec?.Image ?? '';
  return { ref: { app: plan.name, kind: 'swarm', stack, namespace: plan.name }, image, deploy: () => useCases.deploySwarmApp(request, { ...options, isPublic: false }) };
}

async function kubernetesJob(request: DeployRequest, { useCases, options }: Omit<Work, 'context'>): Promise<Job> {
  const planned = await useCases.planDeploy(request, options);
  const { app, kind, stack, namespace, plan } = planned;
  const image = plan.steps.flatMap((step) => (step.kind === 'build' ? [step.build.image] : []))[0] ?? '';
  return { ref: { app, kind, stack, namespace }, image, deploy: () => useCases.deploy(planned, { ...options, overwrite: true }) };
}

async function measure({ ref, deploy }: Job, { path, rps, ...load }: ComparedLoad, work: Work): Promise<ComparedRun> {
  const { useCases, options, context } = work;
  const { clock } = context.io;
  const say = (message: string) => options.emit({ type: 'note', message });
  say(`${ref.kind}: deploying ${ref.app} in ${ref.stack}`);
  try {
    const started = clock.monotonic();
    await deploy();
    const deployMs = Math.round(clock.monotonic() - started);
    say(`${ref.kind}: waiting until nothing of it runs, then for the first answer`);
    const coldStartMs = Math.round(await useCases.coldStart(ref, options));
    say(`${ref.kind}: ${rps} requests a second for ${Math.round(load.durationMs / 1_000)} s`);
    const result = await useCases.loadApp({ ref, path, spec: { ...load, arrival: { model: 'open', rps } } }, options);
    options.signal.throwIfAborted();
    return { kind: ref.kind, stack: ref.stack, deployMs, coldStartMs, load: result };
  } finally {
    await remove(ref, work);
  }
}

/** Also after it was stopped: under its own deadline, not under the signal that stopped it. */
async function remove(ref: AppRef, { useCases, options }: Work): Promise<void> {
  const own: RunOptions = { emit: () => undefined, signal: AbortSignal.timeout(CLEAN_UP_MS) };
  try {
    if (!(await useCases.apps(ref.stack, own)).some(({ app }) => app === ref.app)) return;
    await (ref.kind === 'swarm' ? useCases.removeDeployment(ref.app, ref.stack, own) : useCases.removeApp(useCases.planRemoveApp(ref), own));
  } catch (thrown) {
    if (!isAbortError(thrown)) throw thrown;
    options.emit({ type: 'warning', message: `${ref.app} could not be removed in time`, hints: [{ text: 'remove it', command: `devstack delete ${ref.app} --name ${ref.stack}` }] });
  }
}
