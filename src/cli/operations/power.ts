// Use cases `stop` and `start`: a stack put to sleep, and brought back with everything verified again.
import { findProvider } from '../../clusters/index.ts';
import type { ClusterProvider, Power } from '../../clusters/provider.ts';
import { execute } from '../../engine/execute.ts';
import type { Run } from '../../engine/run.ts';
import { failedError, preconditionError } from '../../model/error.ts';
import type { ClusterFacts, StackFacts } from '../../model/fact.ts';
import { type ClusterPlan, INGRESS_NODE_PORT, type Plan, registryHost, type Step } from '../../model/plan.ts';
import type { Ports } from '../../ports.ts';
import type { RunOptions, UpResult } from '../use-cases.ts';
import { alone, type Journals, journalled } from './journals.ts';
import { pickStack, serviceEndpoints, tells } from './status.ts';
import { verifySwarm } from './swarm-status.ts';
import { kubernetesWords, providerContext } from './up.ts';

/** Pods of a woken node look ready before they are: only the answer tells, and it may have to wait for all of them to start again. */
const TIMEOUT = { cluster: 120_000, wait: 300_000, probe: 180_000 } as const;

/** The cluster of a stack that exists, as a plan of one. */
export function clusterPlanOf(found: StackFacts, facts: ClusterFacts): ClusterPlan {
  const port = facts.ingressPort ?? found.port;
  return {
    stack: found.stack, cluster: found.cluster, provider: found.provider, nodeImage: facts.nodeImage, kubernetes: facts.kubernetes, nodes: facts.nodes,
    managers: 0, ports: port === undefined ? [] : [{ host: port, node: INGRESS_NODE_PORT }], settings: facts.settings ?? {},
  };
}

function requirePower(provider: ClusterProvider, stack: string): Power {
  if (provider.power !== undefined) return provider.power;
  throw preconditionError({
    code: 'provider-cannot-stop', message: `${provider.title} cannot stop and start the cluster of ${stack}`,
    hints: [{ text: 'remove the stack instead', command: `devstack down ${stack}` }],
  });
}

/** What of a stack there is to stop or to start. Throws `stack-incomplete` for one whose cluster is not whole. */
async function locate(ports: Ports, stack: string | undefined, { signal }: RunOptions) {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const power = requirePower(provider, found.stack);
  const facts = await provider.observe(found.stack, found.cluster, providerContext(ports, signal));
  if (facts.state !== 'running' && facts.state !== 'stopped') {
    throw preconditionError({
      code: 'stack-incomplete', message: `the cluster of ${found.stack} is ${facts.state}`, ...(facts.reason === undefined ? {} : { reason: facts.reason }),
      hints: [{ text: 'make it whole', command: `devstack up --name ${found.stack}` }],
    });
  }
  return { found, provider, power, facts };
}

export async function stopStack(ports: Ports, journals: Journals, stack: string | undefined, options: RunOptions): Promise<{ readonly stack: string; readonly wasRunning: boolean; readonly label?: string | undefined }> {
  const seen = await locate(ports, stack, options);
  return alone(journals, seen.found.stack, options, async (hasWaited) => {
    const { found, provider, power, facts } = hasWaited ? await locate(ports, seen.found.stack, options) : seen;
    if (facts.state === 'running') await power.stop(clusterPlanOf(found, facts), providerContext(ports, options.signal));
    return { stack: found.stack, wasRunning: facts.state === 'running', label: provider.label };
  });
}

/** What must be right again: everything that tells whether a part works, and a request to each endpoint. */
async function planVerify(ports: Ports, run: Run, input: { readonly found: StackFacts; readonly port: number | undefined }, signal: AbortSignal): Promise<Plan> {
  const client = await run.client();
  const { stack } = input.found;
  const [inventories, endpoints] = await Promise.all([
    ports.kubeSets.inventories(client, stack, signal), input.port === undefined ? [] : serviceEndpoints(ports, client, { stack, port: input.port }, signal),
  ]);
  const waits: Step[] = inventories.map(({ part, refs }) => ({
    kind: 'wait', id: `wait:${part}`, title: `Wait for ${part}`, lane: part, needs: [], refs: refs.filter(tells), timeoutMs: TIMEOUT.wait,
  }));
  const probes: Step[] = endpoints.map(({ endpoint, probe }) => ({
    kind: 'probe', id: `probe:${endpoint.name}`, title: `Ask ${endpoint.name} through the ingress`, lane: `Service ${endpoint.name}`,
    needs: waits.map((step) => step.id), endpoint, ...probe, timeoutMs: TIMEOUT.probe,
  }));
  return { schema: 1, stack, steps: [...waits, ...probes], notes: [], endpoints: endpoints.map(({ endpoint }) => endpoint) };
}

export async function startStack(ports: Ports, journals: Journals, stack: string | undefined, options: RunOptions): Promise<UpResult> {
  const started = ports.clock.monotonic();
  const { found, provider, facts } = await locate(ports, stack, options);
  const cluster = clusterPlanOf(found, facts);
  const { registry } = facts;
  const wake: Plan = {
    schema: 1, stack: found.stack, notes: [], endpoints: [],
    steps: [
      { kind: 'cluster', id: 'cluster', title: `Start ${provider.title} cluster ${found.cluster}`, lane: 'Cluster', needs: [], cluster, timeoutMs: TIMEOUT.cluster },
      // It sleeps and wakes with the nodes; on its own it stops only when somebody stops it.
      ...(registry === undefined ? [] : [{
        kind: 'registry', id: 'registry', title: `Start the registry at ${registryHost(registry.port)}`, lane: 'Cluster', needs: ['cluster'], stack: found.stack, cluster: found.cluster,
        image: registry.image, port: registry.port, timeoutMs: TIMEOUT.cluster,
      } as const]),
    ],
  };
  return alone(journals, found.stack, options, () => journalled(journals, { stack: found.stack, command: 'start' }, async (journal) => {
    const input = { stack: found.stack, ports, provider, emit: options.emit, overwrite: false, record: journal.record };
    const woken = await execute(wake, input, options.signal);
    try {
      const { access } = woken.run;
      if (access === undefined) throw failedError({ code: 'no-cluster', message: `${found.stack} is awake, but there is no way to reach it` });
      const common = { stack: found.stack, provider: found.provider, label: provider.label, changed: woken.changed.length, notes: [], kept: [] };
      if (access.runtime === 'swarm') {
        const endpoints = await verifySwarm({ found, access, settings: facts.settings }, { ports, signal: options.signal, onProgress: () => undefined });
        return { ...common, ...kubernetesWords(access), endpoints, durationMs: Math.round(ports.clock.monotonic() - started) };
      }
      const verify = await planVerify(ports, woken.run, { found, port: cluster.ports[0]?.host }, options.signal);
      const { run } = await execute(verify, { ...input, access }, options.signal);
      await run.close();
      return {
        ...common, ...kubernetesWords(access), endpoints: run.verified.map((endpoint) => ({ ...endpoint, verified: true })),
        durationMs: Math.round(ports.clock.monotonic() - started),
      };
    } finally {
      await woken.run.close();
    }
  }));
}
