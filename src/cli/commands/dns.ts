// devstack dns: which names lead to this machine, a resolver of devstack's own, and lines for the hosts file.

import { stackFlags } from '../../config/stack-flags.ts';
import { suggest } from '../../config/suggest.ts';
import { usageError } from '../../model/error.ts';
import type { DomainFacts } from '../../model/fact.ts';
import { table } from '../../render/table.ts';
import { count } from '../../render/text.ts';
import { type CommandContext, type CommandInput, defineCommand, type Outcome } from '../command.ts';
import { stackNamed } from '../stack-request.ts';

const ACTIONS = ['show', 'serve', 'hosts'] as const;
type Action = (typeof ACTIONS)[number];
/** Reserved for such uses (RFC 6761): it can never belong to somebody. */
const DOMAIN = 'devstack.test';
/** Port 53 needs rights, and 5353 belongs to multicast DNS. */
const PORT = 5354;

const flags = {
  name: stackFlags.name, config: stackFlags.config,
  domain: { kind: 'text', placeholder: 'SUFFIX', default: DOMAIN, summary: 'serve: answer names under this domain' },
  port: { kind: 'integer', min: 0, max: 65_535, short: 'p', placeholder: 'PORT', default: String(PORT), summary: 'serve: port on 127.0.0.1, by UDP' },
} as const;
type Input = CommandInput<typeof flags>;

function actionOf(word: string | undefined): Action {
  const action = ACTIONS.find((known) => known === (word ?? 'show'));
  if (action !== undefined) return action;
  const meant = suggest(word ?? '', ACTIONS);
  throw usageError({
    code: 'command-line-invalid', message: `dns ${word}: there is ${ACTIONS.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    hints: [{ text: 'see how it is used', command: 'devstack help dns' }],
  });
}

function ladderText(domains: readonly DomainFacts[], { columns, paint }: CommandContext): string {
  const rows = domains.map(({ domain, resolves, reason }) => [resolves ? paint('green', '✔') : paint('yellow', '✖'), `*.${domain}`, reason]);
  const first = domains.find(({ resolves }) => resolves);
  return [
    'Names of services, in the order in which a new stack tries them', '', ...table(rows, { columns, indent: 1, paint, styles: [undefined, undefined, 'dim'] }), '',
    first === undefined
      ? 'None resolves here. Requests need a Host header, as devstack prints them; browsers open *.localhost all the same. Names for everything: devstack dns serve'
      : `A new stack takes ${first.domain}. A resolver that needs no network: devstack dns serve`,
  ].map((line) => `${line}\n`).join('');
}

async function show(context: CommandContext): Promise<Outcome> {
  const useCases = await context.useCases();
  const domains = await useCases.domains({ emit: context.emit, signal: context.io.signal });
  return { text: ladderText(domains, context), result: { domains: domains.map((facts) => ({ ...facts })) } };
}

/** How a system asks this server for names of the domain. */
function pointers(domain: string, port: number): readonly string[] {
  return [
    `macOS: /etc/resolver/${domain} with the lines "nameserver 127.0.0.1" and "port ${port}"`,
    `Linux with systemd-resolved: /etc/systemd/resolved.conf.d/devstack.conf with [Resolve], DNS=127.0.0.1:${port}, Domains=~${domain}; then restart systemd-resolved`,
    `Windows: Add-DnsClientNrptRule -Namespace .${domain} -NameServers 127.0.0.1, which takes port 53 alone`,
    `a stack with such names: devstack up knative --domain ${domain}`,
  ];
}

async function serve({ flags: { domain = DOMAIN, port: wanted = PORT } }: Input, context: CommandContext): Promise<Outcome> {
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(domain)) {
    throw usageError({ code: 'domain-invalid', message: `${JSON.stringify(domain)} is not a domain such as ${DOMAIN}` });
  }
  const useCases = await context.useCases();
  const { port, ended } = await useCases.serveNames({ domain, port: wanted }, { emit: context.emit, signal: context.io.signal });
  context.emit({ type: 'note', message: `every name under ${domain} leads to this machine for who asks 127.0.0.1:${port} (UDP); Ctrl-C ends it` });
  for (const pointer of pointers(domain, port)) context.emit({ type: 'note', message: pointer });
  const answered = await ended;
  return { text: `answered ${count(answered, 'question')}\n`, result: { domain, port, answered } };
}

/** Nothing is written: who changes a system file should see what goes into it. */
async function hosts(input: Input, context: CommandContext): Promise<Outcome> {
  const stack = await stackNamed({ args: [], flags: input.flags, originOf: input.originOf }, context);
  const useCases = await context.useCases();
  const stacks = await useCases.status(stack, { emit: context.emit, signal: context.io.signal });
  const names = [...new Set(stacks.flatMap((found) => found.endpoints.map((endpoint) => endpoint.host)))];
  return { text: names.map((name) => `127.0.0.1 ${name}\n`).join(''), result: { hosts: names } };
}

export const dns = defineCommand({
  arguments: [{ name: 'action', summary: `${ACTIONS.join(', ')}; show without it`, known: () => ACTIONS }],
  flags,
  description: 'Host names of services must lead to this machine. Public names such as sslip.io do that where the resolver lets them; serve answers by itself, on'
    + ' loopback only, also without any network. hosts prints lines for the hosts file, and changes nothing.',
  examples: [
    { command: 'devstack dns', summary: 'what works here' },
    { command: 'devstack dns serve', summary: `answer *.${DOMAIN} until Ctrl-C` },
    { command: 'devstack dns hosts | sudo tee -a /etc/hosts', summary: 'names of the services that exist, for good' },
  ],
  run(input, context) {
    switch (actionOf(input.args[0])) {
      case 'show': return show(context);
      case 'serve': return serve(input, context);
      case 'hosts': return hosts(input, context);
    }
  },
});
