// The table of commands. Names and summaries are here, so that help and dispatch load no command; all else is in its file.
import { suggest } from '../../config/suggest.ts';
import { type DevstackError, usageError } from '../../model/error.ts';
import { quote } from '../../model/redact.ts';
import type { CommandEntry } from '../command.ts';

export const commands: readonly CommandEntry[] = [
  { name: 'up', group: 'everyday', summary: 'bring a stack up, and prove by a request that it answers', load: async () => (await import('./up.ts')).up },
  { name: 'plan', group: 'everyday', summary: 'what up would do, and why; changes nothing', load: async () => (await import('./plan.ts')).plan },
  { name: 'env', group: 'everyday', summary: 'shell lines that point kubectl at a stack', load: async () => (await import('./env.ts')).env },
  { name: 'status', group: 'everyday', summary: 'what exists, what is ready, what answers right now', load: async () => (await import('./status.ts')).status },
  { name: 'new', group: 'everyday', summary: 'make a folder with an app in it, from a template', load: async () => (await import('./new.ts')).newApp },
  { name: 'deploy', group: 'everyday', summary: 'build an app, run it in a stack, and prove by a request that it answers', load: async () => (await import('./deploy.ts')).deploy },
  { name: 'dev', group: 'everyday', summary: 'deploy a folder, and again after each change', load: async () => (await import('./dev.ts')).dev },
  { name: 'logs', group: 'everyday', summary: 'what all pods of an app say', load: async () => (await import('./logs.ts')).logs },
  { name: 'open', group: 'everyday', summary: 'the address of an app, or the page of an addon, in a browser', load: async () => (await import('./open.ts')).open },
  { name: 'load', group: 'everyday', summary: 'send requests to an app, and plot how it takes them', load: async () => (await import('./load.ts')).load },
  { name: 'compare', group: 'everyday', summary: 'one app on Knative, Swarm and as a Deployment, side by side', load: async () => (await import('./compare.ts')).compare },
  { name: 'traffic', group: 'everyday', summary: 'share requests among versions of an app, and measure it', load: async () => (await import('./traffic.ts')).traffic },
  { name: 'eject', group: 'everyday', summary: 'the manifest of an app as one would write it by hand', load: async () => (await import('./eject.ts')).eject },
  { name: 'images', group: 'everyday', summary: 'put images of this machine into the nodes of a stack', load: async () => (await import('./images.ts')).images },
  { name: 'events', group: 'everyday', summary: 'send CloudEvents to a broker, and watch them arrive', load: async () => (await import('./events.ts')).events },
  { name: 'demo', group: 'everyday', summary: 'show scaling, canary, updates, events; checked, with numbers', load: async () => (await import('./demo.ts')).demo },
  { name: 'delete', group: 'everyday', summary: 'remove an app from its stack', load: async () => (await import('./delete.ts')).deleteApp },
  { name: 'scale', group: 'everyday', summary: 'how many tasks a service of a swarm has', load: async () => (await import('./scale.ts')).scale },
  { name: 'update', group: 'everyday', summary: 'change a service of a swarm, task by task', load: async () => (await import('./update.ts')).update },
  { name: 'rollback', group: 'everyday', summary: 'a service of a swarm as it was before its last update', load: async () => (await import('./rollback.ts')).rollback },
  { name: 'node', group: 'everyday', summary: 'nodes of a swarm: list, drain, activate, promote', load: async () => (await import('./node.ts')).node },
  { name: 'addon', group: 'everyday', summary: 'list, add and remove addons of a running stack', load: async () => (await import('./addon.ts')).addon },
  { name: 'down', group: 'everyday', summary: 'remove everything devstack made, and nothing else', load: async () => (await import('./down.ts')).down },
  { name: 'run', group: 'everyday', summary: 'a stack for the length of one command', load: async () => (await import('./run.ts')).run },
  { name: 'stop', group: 'everyday', summary: 'put a stack to sleep; nothing is lost', load: async () => (await import('./stop.ts')).stop },
  { name: 'start', group: 'everyday', summary: 'wake a stopped stack, and verify all of it again', load: async () => (await import('./start.ts')).start },
  { name: 'restart', group: 'everyday', summary: 'stop and start', load: async () => (await import('./restart.ts')).restart },
  { name: 'history', group: 'everyday', summary: 'what ran when, how long, and how it ended', load: async () => (await import('./history.ts')).history },
  { name: 'dns', group: 'setup', summary: 'which names lead to this machine; a resolver of its own, also offline', load: async () => (await import('./dns.ts')).dns },
  { name: 'providers', group: 'setup', summary: 'what this machine can run a stack on, and which one up takes', load: async () => (await import('./providers.ts')).providers },
  { name: 'doctor', group: 'setup', summary: 'check this machine; each finding with one command', load: async () => (await import('./doctor.ts')).doctor },
  { name: 'init', group: 'setup', summary: 'write a commented devstack.yaml', load: async () => (await import('./init.ts')).init },
  { name: 'config', group: 'setup', summary: 'the settings in effect, and where each comes from', load: async () => (await import('./config.ts')).config },
  { name: 'completion', group: 'setup', summary: 'completion script for bash, zsh, fish or PowerShell', load: async () => (await import('./completion.ts')).completion },
  { name: 'version', group: 'more', summary: 'version, and with --json every pinned version', load: async () => (await import('./version.ts')).version },
  { name: 'help', group: 'more', summary: 'help for a command', load: async () => (await import('./help.ts')).help },
  { name: '__rehearsal', group: 'more', summary: 'the process behind a rehearsal', hidden: true, load: async () => (await import('./rehearsal-process.ts')).rehearsalProcess },
  { name: '__reap', group: 'more', summary: 'the process that removes a stack in time', hidden: true, load: async () => (await import('./reap.ts')).reap },
  { name: '__complete', group: 'more', summary: 'words for a shell to offer', hidden: true, load: async () => (await import('./complete.ts')).complete },
];

export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name);
}

/** Names that a person may type. */
export function visibleCommands(): readonly CommandEntry[] {
  return commands.filter((entry) => entry.hidden !== true);
}

/** `before` is what stands before the name where it was typed: `devstack`, or `devstack help`. */
export function unknownCommand(name: string, before: string): DevstackError {
  const meant = suggest(name, visibleCommands().map((entry) => entry.name));
  return usageError({
    code: 'command-unknown', message: `there is no command ${quote(name)}`,
    hints: [meant === undefined ? { text: 'see what there is', command: 'devstack help' } : { text: `did you mean ${meant}?`, command: `${before} ${meant}` }],
  });
}
