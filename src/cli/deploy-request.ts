// The flags that say what is deployed and how, and the request that they make.

import type { FlagValues } from '../config/flag.ts';
import { type Problem, problemsError } from '../config/problem.ts';
import { isRequestPath } from '../model/request-path.ts';
import { targetFlags, targetStack } from './app-flags.ts';
import type { DeployRequest, RunKind } from './app-use-cases.ts';
import type { CommandContext } from './command.ts';
import { readPairs } from './pairs.ts';

const START_MS = 30_000;

export const RUN_KINDS: readonly RunKind[] = ['knative', 'deployment', 'swarm'];

export const sourceFlags = {
  ...targetFlags,
  as: { kind: 'text', choices: RUN_KINDS, placeholder: 'KIND', summary: 'how to run it; by default as the app prefers and the stack can' },
  env: { kind: 'list', hasCommas: true, short: 'e', placeholder: 'KEY=VALUE', summary: 'variable of the app' },
  annotation: { kind: 'list', hasCommas: true, placeholder: 'KEY=VALUE', summary: 'annotation on its pods, such as autoscaling.knative.dev/min-scale=1' },
  'build-arg': { kind: 'list', hasCommas: true, placeholder: 'KEY=VALUE', summary: 'argument of the Dockerfile, such as BASE=mirror.example/python:3.13-slim' },
  port: { kind: 'integer', min: 1, max: 65_535, short: 'p', placeholder: 'PORT', summary: 'port that the container listens on, when the app does not say' },
  namespace: { kind: 'text', placeholder: 'NAMESPACE', default: 'default', summary: 'where it goes' },
  probe: { kind: 'text', placeholder: 'PATH', default: '/', summary: 'path that proves it, for a folder that does not say' },
  'start-timeout': { kind: 'duration', placeholder: 'TIME', default: '30s', summary: 'how long the app may take until it listens' },
} as const;

/** Why it is no path of a request, if it is none. */
export function noPath(path: string | undefined, place: string): readonly Problem[] {
  return path === undefined || isRequestPath(path) ? [] : [{ place, message: 'a path starts with / and has no spaces', code: 'flag-invalid' }];
}

interface DeployInput {
  readonly args: readonly string[];
  readonly flags: FlagValues<typeof sourceFlags>;
  originOf(flag: string): string;
}

/** Throws every problem of the flags at once. */
export async function deployRequest(input: DeployInput, context: CommandContext): Promise<DeployRequest> {
  const { flags } = input;
  const problems: Problem[] = [];
  const pairs = (name: 'env' | 'annotation' | 'build-arg') => readPairs(flags[name], `--${name}`, problems);
  const [env, annotations, buildArgs] = [pairs('env'), pairs('annotation'), pairs('build-arg')];
  problems.push(...noPath(flags.probe, '--probe'));
  if (problems.length > 0) throw problemsError(problems);
  return {
    source: input.args[0] ?? '.', cwd: context.io.cwd, stack: await targetStack(input, context), kind: RUN_KINDS.find((kind) => kind === flags.as),
    namespace: flags.namespace ?? 'default', env, annotations, buildArgs, port: flags.port, probePath: flags.probe ?? '/', startMs: flags['start-timeout'] ?? START_MS,
  };
}
