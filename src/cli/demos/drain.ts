// Drain: a node is taken out of work; its tasks move to the others, and no request is lost.
import { preconditionError } from '../../model/error.ts';
import type { NodeRow } from '../../swarm/nodes.ts';
import { check, type Demo, seconds } from './demo.ts';
import { loadMeanwhile, versionOf } from './load-meanwhile.ts';

const APP = 'demo-drain';

/** The busiest worker, or the busiest node that does not lead. Pure. */
export function nodeToDrain(nodes: readonly NodeRow[]): NodeRow | undefined {
  const fit = nodes.filter(({ state, availability, isLeader }) => state === 'ready' && availability === 'active' && !isLeader);
  return fit.toSorted((a, b) => Number(b.role === 'worker') - Number(a.role === 'worker') || b.tasks - a.tasks)[0];
}

function tooFewNodes(stack: string) {
  return preconditionError({
    code: 'demo-unfit', message: `drain needs a second node for the tasks to go to; the swarm of ${stack} has none`,
    hints: [{ text: 'make one with three', command: 'devstack up swarm --nodes 3 --name swarm3' }],
  });
}

export const drain: Demo = {
  id: 'drain',
  title: 'A node is taken out of work',
  lesson: 'A drained node hands its tasks to the others while requests come in; none is lost, and the node may go.',
  runtimes: ['swarm'],
  apps: [APP],
  async run(context) {
    const { useCases, options, clock, stack, deploy, say, atEnd } = context;
    const { nodes: before } = await useCases.nodes(stack, options);
    if (nodeToDrain(before) === undefined) throw tooFewNodes(stack);
    const tasks = before.filter(({ availability, state }) => availability === 'active' && state === 'ready').length;
    const ref = await deploy({ app: APP, sample: 'httpbin', env: versionOf('1'), replicas: tasks });
    const node = nodeToDrain((await useCases.nodes(stack, options)).nodes);
    if (node === undefined) throw tooFewNodes(stack);
    let [left, movedMs] = [node.tasks, 0];
    const { result, lost, sent } = await loadMeanwhile(context, ref, async () => {
      say(`draining ${node.name}, which runs ${node.tasks} ${node.tasks === 1 ? 'task' : 'tasks'}`);
      atEnd((own) => useCases.changeNode(node.name, 'active', stack, own));
      const started = clock.monotonic();
      left = (await useCases.changeNode(node.name, 'drain', stack, options)).tasks;
      movedMs = clock.monotonic() - started;
    });
    const isWhole = await useCases.untilReplicas({ ref, timeoutMs: 30_000, isReached: (count) => count === tasks }, options);
    return {
      checks: [
        check('the node ran something before', node.tasks > 0, { expected: '1 task or more', measured: String(node.tasks) }),
        check('it runs nothing any more', left === 0, { expected: '0 tasks', measured: `${left} after ${seconds(movedMs)}` }),
        check('all tasks run elsewhere', isWhole, { expected: String(tasks), measured: isWhole ? String(tasks) : 'fewer' }),
        check('no request was lost', lost === 0, { expected: '0', measured: `${lost} of ${sent}` }),
      ],
      numbers: { node: node.name, tasks: node.tasks, movedMs: Math.round(movedMs), requests: sent, lost, p99: result.latency.p99 },
    };
  },
};
