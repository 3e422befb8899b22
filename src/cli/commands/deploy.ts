// devstack deploy: build, load, apply, wait, and prove by a request.
import { problemsError } from '../../config/problem.ts';
import { table } from '../../render/table.ts';
import { count, formatDuration } from '../../render/text.ts';
import { tallied, targetStack } from '../app-flags.ts';
import type { DeployRequest, DeployResult } from '../app-use-cases.ts';
import { type CommandContext, defineCommand, type Outcome, yesFlag } from '../command.ts';
import { confirmDestructive } from '../confirm.ts';
import { deployRequest, sourceFlags } from '../deploy-request.ts';
import { endpointFields } from '../endpoint-fields.ts';
import { followLogs } from '../follow-logs.ts';
import { planOutcome } from '../plan-outcome.ts';
import { deployToSwarm, isStackFile, type SwarmSource } from '../swarm-commands.ts';

const KIND_WORDS = { knative: 'a Knative service', deployment: 'a Deployment' } as const;

function deployedText({ app, kind, stack, label, endpoints, changed, durationMs }: DeployResult, { columns, paint }: CommandContext): string {
  const what = changed === 0 ? 'nothing had to change' : `${count(changed, 'step')} changed`;
  const answers = endpoints.map(({ name, url, status, durationMs: took }) => [name, url, `${status ?? 'no answer'}${took === undefined ? '' : ` in ${Math.round(took)} ms`}`]);
  const next = [['look', `devstack logs ${app}`], ['open', `devstack open ${app}`], ['load', `devstack load ${app}`], ['remove', `devstack delete ${app}`]];
  return [
    `${paint('green', '✔')} ${paint('bold', app)} runs in ${stack} as ${KIND_WORDS[kind]} after ${formatDuration(durationMs)}: ${what}`,
    ...(label === undefined ? [] : [`  ${paint('yellow', label)}`]),
    ...(answers.length === 0 ? [] : ['', ...table(answers, { columns, indent: 2, paint, styles: ['bold', 'cyan', 'dim'] }), ...endpoints.map(({ curl }) => `  ${paint('cyan', `$ ${curl}`)}`)]),
    '', ...table(next, { indent: 2, paint, styles: ['dim'] }),
  ].map((line) => `${line}\n`).join('');
}

export function deployedFields(result: DeployResult) {
  const { app, kind, stack, namespace, label, images, changed, durationMs } = result;
  return { app, kind, stack, namespace, ...(label === undefined ? {} : { label }), images: [...images], endpoints: result.endpoints.map(endpointFields), changed, durationMs };
}

/** Throws for wishes that a swarm cannot fulfil, rather than to forget them. */
function forSwarm(request: DeployRequest): DeployRequest {
  const wrong = [...(Object.keys(request.annotations).length > 0 ? ['--annotation'] : []), ...(request.namespace === 'default' ? [] : ['--namespace'])];
  if (wrong.length === 0) return request;
  throw problemsError(wrong.map((place) => ({ place, message: 'is for Kubernetes, and the app goes to a swarm', code: 'flag-invalid' })));
}

export const deploy = defineCommand({
  arguments: [{ name: 'source', summary: 'a folder with an app or a Dockerfile, the name of a template, or a stack file for a swarm; this folder when it is left out' }],
  flags: {
    ...sourceFlags,
    follow: { kind: 'boolean', short: 'f', summary: 'show its log afterwards, until Ctrl-C' },
    overwrite: { kind: 'boolean', summary: 'take back fields that somebody else changed' },
    project: { kind: 'text', placeholder: 'NAME', summary: 'name of what is deployed from a stack file, instead of its own' },
    profile: { kind: 'list', placeholder: 'NAME,…', summary: 'services of a stack file that are left out without it' },
    public: { kind: 'boolean', summary: 'ports of a stack file listen on every address of this machine, not only on 127.0.0.1' },
    'dry-run': { kind: 'boolean', summary: 'show the plan and stop' },
    ...yesFlag,
  },
  description: 'Builds the image with the local engine, named after its content: what is there already is not built, and what a node has is not loaded again. It applies the'
    + ' manifest of the folder (knative.yaml, deployment.yaml) with that image, or one made for it, and ends when a request was answered.',
  examples: [
    { command: 'devstack deploy', summary: 'the app in this folder' },
    { command: 'devstack deploy httpbin --as deployment', summary: 'a template, without a folder of one\'s own' },
    { command: 'devstack deploy httpbin --as swarm', summary: 'the same, in the swarm' },
    { command: 'devstack deploy stack.yml', summary: 'a Compose file, in a swarm' },
    { command: 'devstack deploy app --env TARGET=Knative --follow', summary: 'another folder, with a variable; then its log' },
  ],
  async run(input, context) {
    const { flags } = input;
    const toSwarm = (source: SwarmSource) => deployToSwarm(source, { line: input.line, isPublic: flags.public === true, isDryRun: flags['dry-run'] === true, isFollowed: flags.follow === true }, context);
    if (isStackFile(input.args[0])) {
      return toSwarm({ file: { path: input.args[0], cwd: context.io.cwd, stack: await targetStack(input, context), name: flags.project, profiles: flags.profile ?? [], env: context.io.env } });
    }
    const request = await deployRequest(input, context);
    const useCases = await context.useCases();
    if (request.kind === 'swarm' || (request.kind === undefined && await useCases.isSwarm(request.stack))) return toSwarm({ app: forSwarm(request) });
    return tallied(input.line, context, async (options): Promise<Outcome> => {
      const planned = await useCases.planDeploy(request, options);
      if (flags['dry-run'] === true) return planOutcome(planned.plan, context);
      await confirmDestructive(planned.plan, { isYes: flags.yes === true, context });
      const result = await useCases.deploy(planned, { ...options, overwrite: flags.overwrite === true });
      const text = deployedText(result, context);
      if (flags.follow !== true) return { text, result: deployedFields(result) };
      context.closeRenderer();
      if (!context.isJson) context.io.stdout.write(text);
      await followLogs(result, { useCases, options, context }, { tailLines: 20, follow: true });
      return { result: deployedFields(result) };
    });
  },
});
