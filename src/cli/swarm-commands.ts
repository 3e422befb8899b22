// What commands about apps do where the stack is a swarm: there an app is a stack file, or a service.

import type { Plan } from '../model/plan.ts';
import { table } from '../render/table.ts';
import { count, formatDuration } from '../render/text.ts';
import { tallied } from './app-flags.ts';
import type { CommandContext, Outcome } from './command.ts';
import { confirmDestructive } from './confirm.ts';
import { writeLogLines } from './follow-logs.ts';
import type { PlannedStackFile, StackFileRequest, SwarmAppRequest } from './swarm-use-cases.ts';
import type { UseCases } from './use-cases.ts';

export function isStackFile(source: string | undefined): source is string {
  return source !== undefined && /\.ya?ml$/i.test(source);
}

/** A stack file, or an app: a folder or a template. */
export type SwarmSource = { readonly file: StackFileRequest } | { readonly app: SwarmAppRequest };

export interface SwarmDeploy {
  readonly line: string;
  readonly isPublic: boolean;
  readonly isDryRun: boolean;
  /** Show its log afterwards, until the person stops it. */
  readonly isFollowed: boolean;
}

export async function deployToSwarm(source: SwarmSource, how: SwarmDeploy, context: CommandContext): Promise<Outcome> {
  const useCases = await context.useCases();
  const { deployed, ...outcome } = await deployOnce(source, how, { useCases, context });
  if (deployed === undefined || !how.isFollowed) return outcome;
  context.closeRenderer();
  if (!context.isJson) context.io.stdout.write(outcome.text ?? '');
  await writeLogLines(deployed.app, useCases.serviceLogs(deployed.app, deployed.stack, { tailLines: 20, follow: true }, { emit: context.emit, signal: context.io.signal }), context);
  return outcome.result === undefined ? {} : { result: outcome.result };
}

interface Deployed extends Outcome {
  /** Absent when only the plan was shown. */
  readonly deployed?: { readonly app: string; readonly stack: string };
}

async function deployOnce(source: SwarmSource, how: SwarmDeploy, { useCases, context }: { readonly useCases: UseCases; readonly context: CommandContext }): Promise<Deployed> {
  return tallied(how.line, context, async (options) => {
    if (how.isDryRun) return plannedOutcome(await ('file' in source ? useCases.planStackFile(source.file, options) : useCases.planSwarmApp(source.app, options)));
    const work = { ...options, isPublic: how.isPublic };
    const { ports, durationMs, ...report } = await ('file' in source ? useCases.deployStackFile(source.file, work) : useCases.deploySwarmApp(source.app, work));
    const rows = ports.map(({ service, url, status, durationMs: took }) => [service, url, `${status ?? 'answers, but not in HTTP'} in ${took} ms`]);
    const changes = [...report.created.map((name) => `+ ${name}`), ...report.changed.map((name) => `~ ${name}`), ...report.removed.map((what) => `- ${what}`)];
    const { columns, paint } = context;
    const text = [
      `${paint('green', '✔')} ${paint('bold', report.name)} runs in ${report.stack} after ${formatDuration(durationMs)}: ${changes.length === 0 ? 'nothing had to change' : changes.join(', ')}`,
      ...(rows.length === 0 ? [] : ['', ...table(rows, { columns, indent: 2, paint, styles: ['bold', 'cyan', 'dim'] })]),
      ...ports.map(({ url }) => `  ${paint('cyan', `$ curl ${url}`)}`),
      '', ...table(nextSteps(report.name, rows.length > 0), { indent: 2, paint, styles: ['dim'] }),
    ].map((line) => `${line}\n`).join('');
    const endpoints = ports.map((port) => ({ name: port.service, url: port.url, address: `${port.host ?? '127.0.0.1'}:${port.published}`, status: port.status ?? null, verified: true, durationMs: port.durationMs }));
    const { created, changed, unchanged, removed, differences } = report;
    const { stack, name: app } = report;
    return {
      deployed: { app, stack }, text,
      result: { stack, app, kind: 'swarm', endpoints, created, changed, unchanged, removed, differences: differences.map((each) => ({ ...each })), durationMs },
    };
  });
}

function nextSteps(app: string, hasPort: boolean): readonly (readonly [string, string])[] {
  const ways = [['open', `devstack open ${app}`], ['load', `devstack load ${app}`]] as const;
  return [['look', `devstack logs ${app}`], ...(hasPort ? ways : []), ['remove', `devstack delete ${app}`]];
}

function plannedOutcome({ stack, plan }: PlannedStackFile): Outcome {
  const lines = [
    ...plan.builds.map(({ image, context }) => `build    ${image} from ${context}`), ...plan.networks.map(({ name, isExternal }) => `network  ${name}${isExternal ? ' (must exist)' : ''}`),
    ...plan.secrets.map(({ name }) => `secret   ${name}`), ...plan.configs.map(({ name }) => `config   ${name}`),
    ...plan.services.map(({ Name, TaskTemplate }) => `service  ${Name} of ${TaskTemplate.ContainerSpec?.Image ?? ''}`),
    ...plan.differences.map(({ path, message }) => `note     ${path} ${message}`),
  ];
  const names = { networks: plan.networks.map(({ name }) => name), secrets: plan.secrets.map(({ name }) => name), configs: plan.configs.map(({ name }) => name), services: plan.services.map(({ Name }) => Name) };
  return { text: `${lines.join('\n')}\n`, result: { stack, app: plan.name, ...names, differences: plan.differences.map((each) => ({ ...each })) } };
}

export interface Removal {
  readonly name: string;
  readonly stack: string | undefined;
  readonly line: string;
  readonly isYes: boolean;
  readonly isDryRun: boolean;
}

export async function removeDeployment({ name, stack, line, isYes, isDryRun }: Removal, useCases: UseCases, context: CommandContext): Promise<Outcome> {
  const plan: Plan = {
    schema: 1, stack: stack ?? '', notes: [], endpoints: [],
    steps: [{ kind: 'remove', id: 'remove', title: `Remove ${name}`, lane: name, needs: [], stack: stack ?? '', part: name, destructive: true }],
  };
  if (isDryRun) return { text: `the services, ports, secrets and networks of ${name}; its volumes stay\n`, result: { app: name } };
  await confirmDestructive(plan, { isYes, context });
  const { removed, kept, stack: from } = await tallied(line, context, (options) => useCases.removeDeployment(name, stack, options));
  const lines = [`Removed ${name} from ${from}: ${count(removed.length, 'thing')}`, ...removed.map((what) => `  - ${what}`), ...(kept.length === 0 ? [] : ['Kept, as they hold data:', ...kept.map((what) => `  - ${what}`)])];
  return { text: `${lines.join('\n')}\n`, result: { app: name, stack: from, removed: [...removed], kept: [...kept] } };
}
