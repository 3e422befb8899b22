// devstack help [COMMAND]
import { defineCommand } from '../command.ts';
import { commandText, overviewText } from '../help.ts';
import { findCommand, unknownCommand, visibleCommands } from './index.ts';

const names = (): readonly string[] => visibleCommands().map((entry) => entry.name);

export const help = defineCommand({
  arguments: [{ name: 'command', summary: 'which command', known: names }],
  flags: {},
  examples: [{ command: 'devstack help up', summary: 'everything about up' }],
  async run(input, context) {
    const [name] = input.args;
    const entry = name === undefined ? undefined : findCommand(name);
    if (name !== undefined && entry === undefined) throw unknownCommand(name, 'devstack help');
    const text = entry === undefined ? overviewText(context) : commandText(entry, await entry.load(), context);
    return { text, result: { help: text } };
  },
});
