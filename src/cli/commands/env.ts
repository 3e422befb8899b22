// devstack env: shell lines that point kubectl at a stack. `eval "$(devstack env)"`

import { stackFlags } from '../../config/stack-flags.ts';
import { shellQuoted } from '../../model/shell.ts';
import { defineCommand } from '../command.ts';
import type { Io } from '../io.ts';
import { stackNamed } from '../stack-request.ts';

const SHELLS = ['sh', 'bash', 'zsh', 'fish', 'powershell'] as const;
type Shell = (typeof SHELLS)[number];

/** $SHELL says which one a person uses; PowerShell sets no SHELL but its module path. */
function shellOf(env: Io['env']): Shell {
  const name = env['SHELL']?.split(/[/\\]/).at(-1)?.replace(/\.exe$/, '');
  if (name === undefined) return env['PSModulePath'] === undefined ? 'sh' : 'powershell';
  if (name === 'pwsh') return 'powershell';
  return SHELLS.find((shell) => shell === name) ?? 'sh';
}

/** One line that sets a variable, safe for any value. */
export function exportLine(shell: Shell, name: string, value: string): string {
  switch (shell) {
    // fish knows two escapes inside single quotes: \' and \\.
    case 'fish': return `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`;
    case 'powershell': return `$env:${name} = '${value.replaceAll("'", "''")}'`;
    default: return `export ${name}=${shellQuoted(value)}`;
  }
}

/** How the lines are used, as a comment, so that a person who sees them knows. */
function usageComment(shell: Shell, stack: string): string {
  if (shell === 'fish') return `# devstack env ${stack} | source`;
  if (shell === 'powershell') return `# devstack env ${stack} | Out-String | Invoke-Expression`;
  return `# eval "$(devstack env ${stack})"`;
}

export const env = defineCommand({
  arguments: [{ name: 'stack', summary: 'name of the stack; not needed when there is one', known: 'stacks' }],
  flags: {
    name: stackFlags.name, config: stackFlags.config,
    shell: { kind: 'text', choices: SHELLS, placeholder: 'SHELL', env: 'DEVSTACK_SHELL', summary: 'form of the lines; without it $SHELL decides' },
  },
  description: 'Every stack has a kubeconfig of its own, so nothing else on this machine is pointed elsewhere.',
  examples: [
    { command: 'eval "$(devstack env)"', summary: 'bash, zsh, sh' },
    { command: 'devstack env lab --shell fish | source', summary: 'fish' },
    { command: 'devstack env --shell powershell | Out-String | Invoke-Expression', summary: 'PowerShell' },
  ],
  async run(input, context) {
    const named = await stackNamed(input, context);
    const useCases = await context.useCases();
    const { stack, kubeconfig, context: kubeContext } = await useCases.env(named, { emit: context.emit, signal: context.io.signal });
    const shell = SHELLS.find((known) => known === input.flags.shell) ?? shellOf(context.io.env);
    return {
      text: `${exportLine(shell, 'KUBECONFIG', kubeconfig)}\n${usageComment(shell, stack)}\n`,
      result: { stack, kubeconfig, context: kubeContext, env: { KUBECONFIG: kubeconfig } },
    };
  },
});
