// A stack in a cluster that devstack does not make: its room, its port, its words.
import { expect, test } from 'vitest';
import type { ClusterProvider } from '../../src/clusters/provider.ts';
import type { Facts } from '../../src/model/fact.ts';
import { planUp } from '../../src/plan/plan-up.ts';
import { facts, provider, spec } from './spec.ts';

const theirs: ClusterProvider = { ...provider, capabilities: { ...provider.capabilities, ownsCluster: false } };
const there = (cluster: Partial<Facts['cluster']>): Facts => ({ ...facts, cluster: { state: 'absent', nodes: 0, ...cluster } });
const wish = { ...spec, addons: ['knative-serving', 'eventing', 'metrics-server'] };

test('the room is that of its nodes, not of the local engine', () => {
  const small = { ...facts.engine, cpus: 1 };
  expect(() => planUp(wish, { ...there({}), engine: small }, theirs)).toThrow(/CPU/);
  expect(planUp(wish, { ...there({ capacity: { cpuMilli: 16_000, memoryMi: 32_768 } }), engine: small }, theirs).steps.length).toBeGreaterThan(5);
  expect(() => planUp({ ...wish, addons: ['knative-serving'] }, there({ capacity: { cpuMilli: 500, memoryMi: 512 } }), theirs)).toThrow(/CPU/);
});

test('a port that leads into it already is taken, whoever listens there', () => {
  const plan = planUp({ ...spec, addons: [], samples: [] }, there({ ingressPort: 18_401 }), theirs);
  expect(plan.steps.find((step) => step.kind === 'cluster')).toMatchObject({ title: expect.stringMatching(/^Use the cluster of context/), cluster: { ports: [{ host: 18_401 }] } });
  expect(plan.notes.join()).not.toContain('taken');
  expect(() => planUp({ ...spec, addons: [], samples: [], port: 9000, portIsFixed: true }, there({ ingressPort: 18_401 }), theirs)).toThrow(/18401/);
});

test('where a load balancer answers on localhost, the ingress is a Service of that type at the port of the stack', () => {
  const balanced: ClusterProvider = { ...theirs, plan: (...given) => ({ ...provider.plan(...given), settings: { expose: 'load-balancer' } }) };
  const plan = planUp({ ...spec, addons: ['knative-serving'] }, there({ capacity: { cpuMilli: 16_000, memoryMi: 32_768 } }), balanced);
  const services = plan.steps.flatMap((step) => (step.kind === 'apply' ? step.sources : [])).flatMap((source) => ('objects' in source ? source.objects : [])).filter(({ metadata }) => metadata.name === 'devstack-ingress');
  expect(services).toMatchObject([{ spec: { type: 'LoadBalancer', ports: [{ port: spec.port, targetPort: 8080 }] } }]);
});
