// devstack init: writes a commented devstack.yaml, and never over one that is there.
import { basename, join } from 'node:path';
import { presetIds } from '../../config/catalog.ts';
import type { Problem } from '../../config/problem.ts';
import { resolve } from '../../config/resolve.ts';
import { type Layer, STACK_FILE } from '../../config/setting.ts';
import { stackFileText } from '../../config/stack-file-text.ts';
import { layerOfFlags, stackFlags } from '../../config/stack-flags.ts';
import { nameFrom } from '../../config/stack-name.ts';
import { failedError, usageError } from '../../model/error.ts';
import { defineCommand } from '../command.ts';
import { composeConfig } from '../compose-config.ts';

/** `wx` semantics through the port: looked at first, then written whole. */
async function writeNew(path: string, text: string, isForced: boolean): Promise<void> {
  const { files } = await composeConfig();
  const found = await files.stat(path);
  if (found !== undefined && found.kind !== 'file') throw failedError({ code: 'config-not-a-file', message: `${path} is there and is no file` });
  if (found !== undefined && !isForced) {
    throw usageError({
      code: 'config-exists', message: `${path} is there already; it stays as it is`,
      hints: [{ text: 'write over it', command: 'devstack init --force' }, { text: 'see what it says', command: 'devstack config' }],
    });
  }
  await files.write(path, text, { mode: 0o644 });
}

export const init = defineCommand({
  arguments: [{ name: 'preset', summary: 'what the stack starts from', known: presetIds }],
  flags: {
    name: stackFlags.name, provider: stackFlags.provider, port: stackFlags.port, with: stackFlags.with, ingress: stackFlags.ingress,
    force: { kind: 'boolean', summary: 'write over a file that is there' },
    print: { kind: 'boolean', summary: 'print it instead of writing it' },
  },
  description: 'The file says the same things as the flags of up. Keep it with your project: whoever runs devstack up beside it gets the same stack.',
  examples: [
    { command: 'devstack init', summary: 'a stack named after this folder' },
    { command: 'devstack init base --name lab', summary: 'another preset and name' },
    { command: 'devstack init --print', summary: 'look first' },
  ],
  async run(input, context) {
    const problems: Problem[] = [];
    const spoken = layerOfFlags({ values: input.flags, originOf: input.originOf, problems });
    const folderName = nameFrom(basename(context.io.cwd));
    const preset: Layer = input.args[0] === undefined ? {} : { preset: { value: input.args[0], origin: 'PRESET' } };
    const folder: Layer = folderName === undefined ? {} : { name: { value: folderName, origin: 'this folder' } };
    const { spec } = resolve([{ ...spoken, ...preset }, folder], problems);
    const text = stackFileText(spec, spoken.addons?.value ?? []);
    if (input.flags.print === true) return { text, result: { file: null, content: text } };
    const path = join(context.io.cwd, STACK_FILE);
    await writeNew(path, text, input.flags.force === true);
    return { text: `Wrote ${STACK_FILE}. Next: devstack up\n`, result: { file: path, stack: spec.name } };
  },
});
