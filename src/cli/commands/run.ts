// devstack run: a stack for the length of one command; gone again whatever happens.
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { presetIds } from '../../config/catalog.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import { usageError } from '../../model/error.ts';
import { EXIT } from '../../model/exit.ts';
import type { StackSpec } from '../../model/stack.ts';
import { type CommandContext, defineCommand, type Outcome } from '../command.ts';
import { resolveStack } from '../stack-request.ts';
import type { UpResult, UseCases } from '../use-cases.ts';

/** Clean-up has a time of its own: the one of the run may be over. */
const CLEAN_UP_MS = 60_000;

interface Ephemeral {
  readonly spec: StackSpec;
  readonly command: readonly string[];
  readonly artifacts: string | undefined;
}

/** What the command finds in its environment. */
function environmentOf(up: UpResult): { readonly [name: string]: string } {
  const endpoints = up.endpoints.flatMap((endpoint) => {
    const name = `DEVSTACK_ENDPOINT_${endpoint.name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
    return [[name, `http://${endpoint.address}${endpoint.path}`], [`${name}_HOST`, endpoint.host]];
  });
  return { KUBECONFIG: up.kubeconfig, DEVSTACK_STACK: up.stack, DEVSTACK_CONTEXT: up.context, ...Object.fromEntries(endpoints) };
}

async function refuseExisting(useCases: UseCases, spec: StackSpec, signal: AbortSignal): Promise<void> {
  if (!(await useCases.stacks(signal)).some((found) => found.stack === spec.name)) return;
  throw usageError({
    code: 'stack-exists', message: `stack ${spec.name} exists already; run makes one of its own and removes it`,
    hints: [{ text: 'leave out --name: a new one is found', command: `devstack run ${spec.preset} -- COMMAND` }],
  });
}

async function upAndRun({ spec, command }: Ephemeral, useCases: UseCases, context: CommandContext): Promise<number> {
  const options = { emit: context.emit, signal: AbortSignal.any([context.io.signal, AbortSignal.timeout(spec.timeoutMs)]) };
  const plan = await useCases.planUp(spec, options);
  const up = await useCases.up(spec, plan, { ...options, overwrite: false });
  context.emit({ type: 'note', message: `running ${command.join(' ')}` });
  const to = { stdout: context.isJson ? context.io.stderr : context.io.stdout, stderr: context.io.stderr };
  return useCases.exec({ command, env: environmentOf(up), cwd: context.io.cwd, onLine: (line, stream) => void to[stream].write(`${line}\n`) }, { emit: context.emit, signal: context.io.signal });
}

async function runEphemeral(run: Ephemeral, useCases: UseCases, context: CommandContext): Promise<Outcome> {
  const { name } = run.spec;
  const signal = () => ({ emit: context.emit, signal: AbortSignal.timeout(CLEAN_UP_MS) });
  let exitCode: number = EXIT.failed;
  // If this process is killed, somebody else removes the stack.
  await useCases.leash({ stack: name, parent: 'self' });
  try {
    exitCode = await upAndRun(run, useCases, context);
    return { result: { stack: name, exitCode }, exitCode };
  } finally {
    if (exitCode !== EXIT.ok && run.artifacts !== undefined && !context.io.signal.aborted) {
      const files = await useCases.collect(name, run.artifacts, signal()).catch(() => 0);
      context.emit({ type: 'note', message: `${files} files for finding out why are in ${run.artifacts}` });
    }
    await useCases.down(await useCases.planDown(name, signal()), signal());
  }
}

export const run = defineCommand({
  arguments: [{ name: 'preset', summary: 'what the stack starts from', known: presetIds }],
  takesRest: true,
  flags: { ...stackFlags, artifacts: { kind: 'text', env: 'DEVSTACK_ARTIFACTS', placeholder: 'DIR', summary: 'pods, events, logs and the journal go here when the command fails' } },
  description: 'Brings a stack up under a name of its own, runs the command with KUBECONFIG and the endpoints in its environment, and removes the stack,'
    + ' whatever happens. The exit code is that of the command. Endpoints: DEVSTACK_ENDPOINT_<NAME> is the address, DEVSTACK_ENDPOINT_<NAME>_HOST the Host header.',
  examples: [
    { command: 'devstack run base -- kubectl get nodes', summary: 'one command against a cluster that is gone afterwards' },
    { command: 'devstack run knative --artifacts out -- npm run test:integration', summary: 'in CI, with logs when it fails' },
  ],
  async run(input, context) {
    if (input.rest.length === 0) {
      throw usageError({ code: 'command-line-invalid', message: 'no command is named', hints: [{ text: 'put it after --', command: 'devstack run base -- kubectl get nodes' }] });
    }
    const flags = { ...input.flags, name: input.flags.name ?? `run-${randomBytes(4).toString('hex')}` };
    const { spec, network } = await resolveStack({ ...input, flags }, context);
    const useCases = await context.useCases(network);
    await refuseExisting(useCases, spec, context.io.signal);
    const artifacts = input.flags.artifacts === undefined ? undefined : resolve(context.io.cwd, input.flags.artifacts);
    return runEphemeral({ spec, command: input.rest, artifacts }, useCases, context);
  },
});
