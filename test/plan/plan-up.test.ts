import { describe, expect, test } from 'vitest';
import type { ClusterProvider } from '../../src/clusters/provider.ts';
import type { Facts } from '../../src/model/fact.ts';
import type { ApplyStep, Plan } from '../../src/model/plan.ts';
import { planUp } from '../../src/plan/plan-up.ts';
import { facts, provider, spec } from './spec.ts';

const offline: Facts = { ...facts, domains: ['127.0.0.1.sslip.io', 'localtest.me', 'localhost'].map((domain) => ({ domain, resolves: false, reason: 'does not resolve' })) };

function patchValue(plan: Plan, target: string): unknown {
  return plan.steps.filter((step): step is ApplyStep => step.kind === 'apply').flatMap((step) => step.patches).find((patch) => patch.target.name === target)?.value;
}

describe('planUp', () => {
  test('is plain JSON, and steps come after what they need', () => {
    const plan = planUp(spec, facts, provider);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    const seen = new Set<string>();
    for (const step of plan.steps) {
      expect(step.needs.filter((need) => !seen.has(need))).toEqual([]);
      seen.add(step.id);
    }
    expect(plan.steps.at(-1)?.kind).toBe('probe');
  });

  test('carries the chosen port into every URL', () => {
    const plan = planUp(spec, { ...facts, freePorts: [8081] }, provider);
    expect(plan.endpoints[0]).toMatchObject({ url: 'http://hello.default.127.0.0.1.sslip.io:8081/', address: '127.0.0.1:8081', curl: 'curl http://hello.default.127.0.0.1.sslip.io:8081/' });
    expect(plan.notes.join('\n')).toContain('port 8080 is taken');
  });

  test('never takes another port than the one that was named', () => {
    expect(() => planUp({ ...spec, portIsFixed: true }, { ...facts, freePorts: [8081], stacks: [{ stack: 'other', provider: 'test', cluster: 'devstack-other', port: 8080 }] }, provider))
      .toThrow(expect.objectContaining({ code: 'port-taken', exit: 3, message: expect.stringContaining('stack other') }));
  });

  test('keeps the port of a cluster that exists', () => {
    const existing: Facts = { ...facts, cluster: { state: 'running', nodes: 1, ingressPort: 9090 }, freePorts: [8080] };
    expect(planUp(spec, existing, provider).endpoints[0]?.address).toBe('127.0.0.1:9090');
    expect(() => planUp({ ...spec, port: 80, portIsFixed: true }, existing, provider)).toThrow(expect.objectContaining({ code: 'port-fixed' }));
  });

  test('falls back to localhost and prints a curl line with a Host header where no name resolves', () => {
    const plan = planUp(spec, offline, provider);
    expect(patchValue(plan, 'config-domain')).toEqual({ localhost: '' });
    expect(plan.endpoints[0]?.curl).toBe("curl -H 'Host: hello.default.localhost' http://127.0.0.1:8080/");
  });

  test('keeps the domain of the first up, whatever resolves today', () => {
    const existing: Facts = { ...facts, cluster: { state: 'running', nodes: 1, ingressPort: 8080, settings: { domain: 'localhost' } } };
    expect(patchValue(planUp(spec, existing, provider), 'config-domain')).toEqual({ localhost: '' });
  });

  test('tells Knative which ingress to use', () => {
    expect(patchValue(planUp(spec, facts, provider), 'config-network')).toEqual({ 'ingress-class': 'kourier.ingress.networking.knative.dev' });
  });

  test('refuses what does not fit, and says what would: a control plane runs no pods of others as soon as there is another node', () => {
    const small: Facts = { ...facts, engine: { ...facts.engine, cpus: 1 } };
    expect(() => planUp(spec, small, provider)).toThrow(expect.objectContaining({
      code: 'does-not-fit', exit: 3, hints: expect.arrayContaining([expect.objectContaining({ command: expect.stringContaining('--nodes 3') })]),
    }));
  });

  test('fits two CPUs as they are', () => {
    expect(() => planUp(spec, { ...facts, engine: { ...facts.engine, cpus: 2 } }, provider)).not.toThrow();
  });

  test('refuses a Kubernetes that the addons do not run on, before anything is made', () => {
    expect(() => planUp({ ...spec, kubernetes: '1.33.4' }, facts, provider)).toThrow(expect.objectContaining({ code: 'kubernetes-too-old', exit: 3 }));
  });

  test('another version has its own files, unpinned', () => {
    const plan = planUp({ ...spec, versions: { knative: '1.24.0' } }, facts, provider);
    const fetch = plan.steps.find((step) => step.kind === 'fetch');
    expect(fetch?.kind === 'fetch' && fetch.artifacts.map(({ url, sha256 }) => [url.includes('knative-v1.24.0'), sha256])).toEqual([[true, undefined], [true, undefined]]);
  });

  test('with several nodes, nothing is called unschedulable before all of them have joined', () => {
    const waits = (nodes: number) => planUp({ ...spec, nodes }, facts, provider).steps.filter((step) => step.kind === 'wait');
    expect(waits(2).length).toBeGreaterThan(2);
    expect(waits(2).filter((step) => !step.needs.includes('settle'))).toEqual([]);
    expect(waits(1).filter((step) => step.needs.includes('settle'))).toEqual([]);
  });

  describe('a registry', () => {
    const wish = { ...spec, addons: ['registry'], samples: [] };
    const portOf = (plan: Plan) => plan.steps.flatMap((step) => (step.kind === 'registry' ? [step.port] : []));

    test('is there before the cluster is told of it, and keeps the port that it has', () => {
      const plan = planUp({ ...wish, nodes: 2 }, facts, provider);
      expect(plan.steps.find((step) => step.kind === 'registry')).toMatchObject({ port: 5001, image: 'registry:3.0.0', needs: ['cluster', 'settle'] });
      expect(plan.steps.find(({ id }) => id === 'apply:registry')?.needs).toContain('registry');
      const cluster = { state: 'running', nodes: 1, registry: { port: 5004, image: 'registry:2', isRunning: false } } as const;
      expect(portOf(planUp(wish, { ...facts, cluster, registryPorts: [5002] }, provider))).toEqual([5004]);
    });

    test('needs a port and a provider that keeps it', () => {
      expect(() => planUp(wish, { ...facts, registryPorts: [] }, provider)).toThrow(expect.objectContaining({ code: 'registry-no-port', exit: 3 }));
      expect(() => planUp(spec, { ...facts, registryPorts: [] }, provider)).not.toThrow();
      const { id, title, tools, capabilities, plan, notes } = provider;
      const without = { id, title, tools, capabilities, plan, ...(notes === undefined ? {} : { notes }) } as ClusterProvider;
      expect(() => planUp(wish, facts, without)).toThrow(expect.objectContaining({ code: 'registry-unsupported', exit: 3 }));
    });
  });
});
