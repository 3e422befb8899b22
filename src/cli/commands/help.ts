// devstack help [COMMAND]
import { suggest } from '../../config/suggest.ts';
import { usageError } from '../../model/error.ts';
import { quote } from '../../model/redact.ts';
import { defineCommand } from '../command.ts';
import { commandText, overviewText } from '../help.ts';
import { findCommand, visibleCommands } from './index.ts';

const names = (): readonly string[] => visibleCommands().map((entry) => entry.name);

export const help = defineCommand({
  arguments: [{ name: 'command', summary: 'which command', known: names }],
  flags: {},
  examples: [{ command: 'devstack help up', summary: 'everything about up' }],
  async run(input, context) {
    const [name] = input.args;
    const entry = name === undefined ? undefined : findCommand(name);
    if (name !== undefined && entry === undefined) {
      const meant = suggest(name, names());
      throw usageError({
        code: 'command-unknown', message: `there is no command ${quote(name)}`,
        hints: [meant === undefined ? { text: 'see what there is', command: 'devstack help' } : { text: `did you mean ${meant}?`, command: `devstack help ${meant}` }],
      });
    }
    const text = entry === undefined ? overviewText(context) : commandText(entry, await entry.load(), context);
    return { text, result: { help: text } };
  },
});
