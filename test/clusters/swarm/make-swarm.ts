// A process of its own that makes a swarm of three nodes, to be killed. Arguments: stack, cluster, port.
import { swarm } from '../../../src/clusters/swarm/index.ts';
import { engineFacts } from '../kind/kind-spec.ts';
import { realPorts } from '../real-ports.ts';
import { swarmSpec } from './swarm-spec.ts';

const [name = '', cluster = '', port = ''] = process.argv.slice(2);
const { ports, home } = await realPorts();
process.stdout.write(`home ${home}\n`);
const plan = swarm.plan(swarmSpec({ name, cluster, nodes: 3 }), Number(port), engineFacts);
await swarm.create(plan, { ports, signal: new AbortController().signal, onProgress: (message) => { process.stdout.write(`${message}\n`); } });
process.stdout.write('made\n');
