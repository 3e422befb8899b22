// A process of its own that makes a cluster, to be killed. Arguments: stack, cluster, port.
import { findProvider } from '../../../src/clusters/index.ts';
import { realPorts } from '../real-ports.ts';
import { engineFacts, specOf } from './kind-spec.ts';

const [name = '', cluster = '', port = ''] = process.argv.slice(2);
const { ports, home } = await realPorts();
process.stdout.write(`home ${home}\n`);
const kind = await findProvider('kind');
const plan = kind.plan(specOf({ name, cluster, nodeImage: process.env['DEVSTACK_NODE_IMAGE'] }), Number(port), engineFacts);
const context = { ports, signal: new AbortController().signal, onProgress: (message: string) => { process.stdout.write(`${message}\n`); } };
await kind.create(plan, context);
process.stdout.write('access\n');
await kind.finish?.(plan, context);
process.stdout.write('finished\n');
