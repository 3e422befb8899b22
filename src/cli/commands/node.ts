// devstack node: the nodes of a swarm, out of work and back, up to manager and down.
import { suggest } from '../../config/suggest.ts';
import { usageError } from '../../model/error.ts';
import type { Json } from '../../model/json.ts';
import { table } from '../../render/table.ts';
import type { NodeChange, NodeRow } from '../../swarm/nodes.ts';
import { tallied, targetFlags, targetStack } from '../app-flags.ts';
import { type CommandContext, defineCommand, type Outcome } from '../command.ts';

const CHANGES: { readonly [action: string]: NodeChange } = { drain: 'drain', activate: 'active', pause: 'pause', promote: 'promote', demote: 'demote' };
const ACTIONS = ['list', ...Object.keys(CHANGES)];

function rowFields({ name, id, role, isLeader, state, availability, reachability, engine, tasks }: NodeRow): Json {
  return { name, id, role, isLeader, state, availability, reachability: reachability ?? null, engine, tasks };
}

function listText(nodes: readonly NodeRow[], { columns, paint }: CommandContext): string {
  const rows = nodes.map(({ name, role, isLeader, state, availability, tasks, engine }) => [name, isLeader ? `${role} (leader)` : role, state, availability, `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`, engine]);
  return table([['NODE', 'ROLE', 'STATE', 'AVAILABILITY', 'RUNS', 'ENGINE'], ...rows], { columns, paint, styles: ['bold'] }).map((line) => `${line}\n`).join('');
}

function unknownAction(word: string): never {
  const meant = suggest(word, ACTIONS);
  throw usageError({
    code: 'command-line-invalid', message: `node ${word}: there is ${ACTIONS.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    hints: [{ text: 'see how it is used', command: 'devstack help node' }],
  });
}

export const node = defineCommand({
  arguments: [{ name: 'action', summary: ACTIONS.join(', '), known: () => ACTIONS }, { name: 'node', summary: 'name or id of a node' }],
  flags: targetFlags,
  description: 'drain ends when the node runs nothing any more and its tasks run elsewhere; activate gives it new work, but moves none back. A promoted node is a manager when the'
    + ' command ends, a demoted one has left the managers.',
  examples: [
    { command: 'devstack node list', summary: 'all nodes, and how many tasks each runs' },
    { command: 'devstack node drain worker-1', summary: 'no work for this one' },
    { command: 'devstack node activate worker-1', summary: 'and back' },
  ],
  async run(input, context): Promise<Outcome> {
    const [action = 'list', name] = input.args;
    const change = CHANGES[action];
    if (change === undefined && action !== 'list') unknownAction(action);
    if (change !== undefined && name === undefined) {
      throw usageError({ code: 'argument-missing', message: `node ${action}: which one?`, hints: [{ text: 'see the nodes', command: 'devstack node list' }] });
    }
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    const options = { emit: context.emit, signal: context.io.signal };
    if (change === undefined || name === undefined) {
      const found = await useCases.nodes(stack, options);
      return { text: listText(found.nodes, context), result: { stack: found.stack, nodes: found.nodes.map(rowFields) } };
    }
    return tallied(input.line, context, async (heard) => {
      const row = await useCases.changeNode(name, change, stack, heard);
      const text = `${context.paint('green', '✔')} ${context.paint('bold', row.name)} is ${row.role}, ${row.availability}, and runs ${row.tasks} ${row.tasks === 1 ? 'task' : 'tasks'}\n`;
      return { text, result: { node: rowFields(row) } };
    });
  },
});
