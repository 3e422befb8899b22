// devstack eject: the manifest that one would write by hand, and the commands that do with it what deploy does.

import { join, relative, resolve } from 'node:path';
import { usageError } from '../../model/error.ts';
import { shellQuoted } from '../../model/shell.ts';
import type { Files } from '../../ports.ts';
import type { Ejected, EjectKind } from '../app-use-cases.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { composeConfig } from '../compose-config.ts';

const KINDS = ['knative', 'deployment', 'swarm'] as const;
const WORDS: { readonly [K in EjectKind]: string } = { knative: 'a Knative service', deployment: 'a Deployment', swarm: 'a stack of a swarm' };

const quoted = (path: string) => (/^[\w./~-]+$/.test(path) ? path : shellQuoted(path));

/** Relative where the folder is below this one. */
function shortest(folder: string, cwd: string): string {
  const path = relative(cwd, folder) || '.';
  return path.startsWith('..') ? folder : path;
}

/** The way by hand, in the order in which it works. */
function stepsOf({ app, kind, builds }: Ejected, file: string, { io }: CommandContext): readonly string[] {
  return [
    ...builds.map(({ image, folder }) => `docker build --tag ${image} ${quoted(shortest(folder, io.cwd))}`),
    ...(kind === 'swarm' ? [] : [`devstack images load ${builds.map(({ image }) => image).join(' ')}`]),
    kind === 'swarm' ? `docker stack deploy --compose-file ${quoted(file)} ${app}` : `kubectl apply --namespace default --filename ${quoted(file)}`,
  ];
}

/** Throws `file-exists`: what is there stays as it is. */
async function writeNew(path: string, text: string, files: Files): Promise<void> {
  if ((await files.stat(path)) !== undefined) {
    throw usageError({
      code: 'file-exists', message: `${path} is there already; it stays as it is`,
      hints: [{ text: 'put it into a folder of its own', command: 'devstack eject --to ejected' }],
    });
  }
  await files.write(path, text, { mode: 0o644 });
}

export const eject = defineCommand({
  arguments: [{ name: 'source', summary: 'a folder with an app or a Dockerfile, or the name of a template; this folder when it is left out' }],
  flags: {
    as: { kind: 'text', choices: KINDS, placeholder: 'KIND', summary: 'how it is to run; by default as the app prefers' },
    to: { kind: 'text', placeholder: 'FOLDER', summary: 'write it into this folder instead of showing it; a file that is there is never overwritten' },
    port: { kind: 'integer', min: 1, max: 65_535, short: 'p', placeholder: 'PORT', summary: 'port that the container listens on, when the app does not say' },
  },
  description: 'Shows the manifest of the folder, or the one that deploy would make for it, with the image that the folder makes as it is now; and the commands that bring it into'
    + ' a cluster without devstack deploy. It needs no stack and changes nothing.',
  examples: [
    { command: 'devstack eject', summary: 'look at it' },
    { command: 'devstack eject --as deployment --to manifests', summary: 'keep it, to go on by hand' },
    { command: 'devstack eject flask-time --as swarm', summary: 'of a template' },
  ],
  async run(input, context) {
    const { flags } = input;
    const useCases = await context.useCases();
    const request = { source: input.args[0] ?? '.', cwd: context.io.cwd, kind: KINDS.find((kind) => kind === flags.as), port: flags.port };
    const ejected = await useCases.eject(request);
    const folder = flags.to === undefined ? undefined : resolve(context.io.cwd, flags.to);
    const path = folder === undefined ? undefined : join(folder, ejected.file);
    const steps = stepsOf(ejected, path === undefined ? ejected.file : relative(context.io.cwd, path), context);
    const text = [`# ${ejected.app} as ${WORDS[ejected.kind]}, by hand:`, ...steps.map((step) => `#   ${step}`), ejected.text.trimEnd(), ''].join('\n');
    const result = { app: ejected.app, kind: ejected.kind, file: path ?? null, images: ejected.builds.map(({ image }) => image), steps: [...steps], manifest: text };
    if (path === undefined || folder === undefined) return { text, result };
    const { files } = await composeConfig();
    await files.makeDirectory(folder, 0o755);
    await writeNew(path, text, files);
    return { text: `${context.paint('green', '✔')} wrote ${relative(context.io.cwd, path)}\n\n${steps.map((step, index) => `  ${index === 0 ? 'next' : '    '}  ${step}\n`).join('')}`, result };
  },
});
