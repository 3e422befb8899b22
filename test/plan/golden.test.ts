// Whole plans, as `devstack plan --json` prints them: what changes here changes for every user. `-u` writes them anew.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { presets } from '../../src/config/preset.ts';
import type { Facts } from '../../src/model/fact.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { planUp } from '../../src/plan/plan-up.ts';
import { facts, provider, spec } from './spec.ts';

const roomy: Facts = { ...facts, engine: { ...facts.engine, cpus: 8, memoryMi: 16_384 } };
const running: Facts = {
  ...roomy, cluster: { state: 'running', nodes: 1, ingressPort: 8080, kubernetes: '1.36.4', subnet: '172.18.0.0/16', settings: { domain: '127.0.0.1.sslip.io' } },
};

const cases: readonly (readonly [string, Partial<StackSpec>, Facts])[] = [
  ...presets.map((preset) => [`preset-${preset.id}`, { preset: preset.id, addons: preset.addons, samples: preset.samples }, roomy] as const),
  ...['istio', 'contour', 'gateway-api'].map((ingress) => [`ingress-${ingress}`, { ingress }, roomy] as const),
  ['eventing-and-metrics', { addons: ['knative-serving', 'eventing', 'metrics-server'] }, roomy],
  ['fit', { addons: ['knative-serving', 'eventing', 'metrics-server'], fit: true }, facts],
  ['registry', { preset: 'base', addons: ['registry'], samples: [], images: [{ from: 'docker.io/', to: 'mirror.example/hub/' }] }, roomy],
  ['cert-manager-and-metallb', { preset: 'base', addons: ['cert-manager', 'metallb'], samples: [] }, running],
];

test.each(cases)('%s', async (name, wished, world) => {
  const plan = planUp({ ...spec, ...wished }, world, provider);
  await expect(`${JSON.stringify(plan, null, 1)}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'golden', `${name}.json`));
});
