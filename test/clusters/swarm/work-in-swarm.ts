// A process of its own that deploys into a swarm of three nodes and then updates what it deployed, to be killed. Arguments: stack, cluster, port.
import { swarm } from '../../../src/clusters/swarm/index.ts';
import { deployStack, imagesOf } from '../../../src/swarm/deploy.ts';
import { updateService } from '../../../src/swarm/service.ts';
import { normaliseStack } from '../../../src/swarm/stack/normalise.ts';
import { targetOf } from '../../../src/swarm/target.ts';
import { engineFacts } from '../kind/kind-spec.ts';
import { realPorts } from '../real-ports.ts';
import { swarmSpec } from './swarm-spec.ts';

const [name = '', cluster = '', port = ''] = process.argv.slice(2);
const { ports, home } = await realPorts();
const tell = (message: string): void => { process.stdout.write(`${message}\n`); };
tell(`home ${home}`);
const run = { ports, signal: new AbortController().signal, onProgress: tell };
const plan = swarm.plan(swarmSpec({ name, cluster, nodes: 3 }), Number(port), engineFacts);
const access = await swarm.create(plan, run);
if (access.runtime !== 'swarm') throw new Error('no swarm');
const target = targetOf({ stack: name, cluster, provider: swarm.id, access });
const web = { image: 'busybox:1.37', command: ['httpd', '-f', '-p', '8080'], stop_grace_period: '1s', ports: [`${port}:8080`], volumes: ['data:/data'], deploy: { replicas: 3 } };
const stack = normaliseStack({
  file: { name: 'shop', services: { web }, volumes: { data: null } }, name: undefined, owner: name, env: {}, profiles: [], directory: '/', home: '/', nodesSeeHost: false, files: new Map(), images: {},
});
for (const image of imagesOf(stack)) await swarm.images?.load(plan, image, run);
await deployStack(target, stack, { isPublic: false }, run);
tell('updating');
await updateService(target, 'web', { env: { VERSION: '2' }, parallelism: 1 }, run);
tell('updated');
