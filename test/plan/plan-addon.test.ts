import { describe, expect, test } from 'vitest';
import { addons, findAddon } from '../../src/addons/index.ts';
import type { ObjectRef } from '../../src/model/object.ts';
import { type AddonAddFacts, planAddonAdd } from '../../src/plan/plan-addon-add.ts';
import { planAddonRemove } from '../../src/plan/plan-addon-remove.ts';
import { facts, provider, spec } from './spec.ts';

const parts = (...names: string[]) => names.map((part) => ({ part, complete: true }));
const running: AddonAddFacts = {
  ...facts, found: {}, parts: parts('knative-serving', 'kourier', 'sample-hello'),
  cluster: { state: 'running', nodes: 1, ingressPort: 8080, kubernetes: '1.36.4', subnet: '172.18.0.0/16', settings: { domain: 'localtest.me' } },
};
const add = (names: readonly string[], world: AddonAddFacts = running) => planAddonAdd({ ...spec, preset: 'base', addons: names, samples: ['hello'] }, world, provider);
const ids = (plan: { readonly steps: readonly { readonly id: string }[] }) => plan.steps.map((step) => step.id);

describe('planAddonAdd', () => {
  test('fetches and installs what is new, and nothing else', () => {
    expect(ids(add(['hpa']))).toEqual(['fetch', 'apply:metrics-server', 'wait:metrics-server', 'apply:knative-hpa', 'wait:knative-hpa']);
    const plan = add(['eventing']);
    expect(ids(plan)).toEqual(['fetch', 'apply:knative-eventing', 'wait:knative-eventing', 'admit:knative-eventing', 'apply:knative-eventing-after', 'wait:knative-eventing-after']);
    expect(plan.steps.find((step) => step.id === 'fetch')).toMatchObject({ tools: [], artifacts: [{}, {}, {}] });
    expect(plan.steps.filter((step) => step.destructive === true)).toEqual([]);
  });

  test('what is there needs no step, what was cut off gets all of them', () => {
    expect(add(['serving'])).toMatchObject({ steps: [], notes: ['Knative Serving is installed already'] });
    const cut: AddonAddFacts = { ...running, parts: [...parts('knative-serving', 'kourier'), { part: 'knative-eventing', complete: false }] };
    expect(ids(add(['eventing'], cut))).toContain('apply:knative-eventing');
  });

  test('a second ingress is refused, with a command of addon add', () => {
    expect(() => add(['net-istio', 'eventing'])).toThrow(expect.objectContaining({
      code: 'addon-conflict', hints: [{ text: 'leave out net-istio', command: 'devstack addon add eventing --name t' }],
    }));
  });

  test('the ingress that is there is the one that Serving gets', () => {
    const other: AddonAddFacts = { ...running, parts: parts('knative-serving', 'contour', 'net-contour') };
    expect(ids(add(['hpa'], other))).toEqual(['fetch', 'apply:metrics-server', 'wait:metrics-server', 'apply:knative-hpa', 'wait:knative-hpa']);
  });

  test('the size is that of the stack', () => {
    const small: AddonAddFacts = { ...running, engine: { ...running.engine, cpus: 2 } };
    expect(() => add(['eventing'], small)).toThrow(expect.objectContaining({
      code: 'does-not-fit', hints: expect.arrayContaining([expect.objectContaining({ command: 'devstack addon add eventing --name t --fit' })]),
    }));
    expect(() => add(['eventing'], { ...small, cluster: { ...small.cluster, settings: { fit: 'true' } } })).not.toThrow();
  });

  test('a cluster has one set of Gateway API definitions', () => {
    const foreign: AddonAddFacts = { ...running, found: { 'gateway-api': '1.6.1' } };
    expect(add(['gateway-api'], foreign)).toMatchObject({ steps: [], notes: ['Gateway API is in the cluster already, installed by somebody else; it is used as it is'] });
    const bare: AddonAddFacts = { ...foreign, parts: [] };
    const wish = { ...spec, preset: 'base', addons: ['serving'], ingress: 'gateway-api', samples: [] };
    expect(() => planAddonAdd(wish, bare, provider)).toThrow(expect.objectContaining({ code: 'addon-version-fixed', exit: 3, message: 'the cluster has Gateway API 1.6.1, and 1.4.1-experimental is wanted' }));
    const named = planAddonAdd({ ...wish, versions: { 'gateway-api': '1.6.1' } }, bare, provider);
    expect(ids(named)).not.toContain('apply:gateway-api');
    expect(named.notes).toContain('Gateway API ingress for Knative 1.23.0 was tested with Gateway API 1.4.1-experimental; with 1.6.1 nobody tested it');
  });

  test('MetalLB takes its addresses from the network that is there', () => {
    expect(JSON.stringify(add(['metallb']))).toContain('172.18.255.200-172.18.255.250');
    const { subnet: _, ...cluster } = running.cluster;
    expect(() => add(['metallb'], { ...running, cluster })).toThrow(expect.objectContaining({ code: 'addresses-unknown' }));
  });

  test('every addon can be added to an empty cluster', () => {
    for (const { id } of addons) {
      const plan = add([id], { ...running, parts: [] });
      const seen = new Set<string>();
      for (const step of plan.steps) {
        expect(step.needs.filter((need) => !seen.has(need)), `${id}: ${step.id}`).toEqual([]);
        seen.add(step.id);
      }
      expect(seen).toContain(`wait:${id}`);
    }
  });
});

describe('planAddonRemove', () => {
  const named = (...names: string[]) => names.map((name) => findAddon(name) ?? expect.fail(name));
  const trigger: ObjectRef = { apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', namespace: 'default', name: 't1' };
  const hello: ObjectRef = { apiVersion: 'serving.knative.dev/v1', kind: 'Service', namespace: 'default', name: 'hello' };
  const remove = (names: readonly string[], there: readonly string[], objects: Parameters<typeof planAddonRemove>[1]['objects'] = []) => (
    planAddonRemove(named(...names), { stack: 't', cluster: 'devstack-t', parts: there, objects })
  );

  test('the last installed goes first, one after the other, each marked as destructive', () => {
    const plan = remove(['knative-serving', 'eventing', 'kourier', 'hpa'], ['knative-serving', 'kourier', 'knative-hpa', 'knative-eventing', 'knative-eventing-after']);
    expect(ids(plan)).toEqual(['remove:knative-hpa', 'remove:knative-eventing-after', 'remove:knative-eventing', 'remove:kourier', 'remove:knative-serving']);
    expect(plan.steps.map((step) => step.needs)).toEqual([[], ...plan.steps.slice(0, -1).map((step) => [step.id])]);
    expect(plan.steps.every((step) => step.destructive === true)).toBe(true);
  });

  test('a registry goes with its container', () => {
    expect(remove(['registry'], ['registry']).steps).toMatchObject([{ id: 'remove:registry' }, { kind: 'unregistry', stack: 't', cluster: 'devstack-t', needs: ['remove:registry'], destructive: true }]);
  });

  test('the order of the wish never matters', () => {
    const there = ['knative-serving', 'istio', 'net-istio', 'metrics-server'];
    expect(ids(remove(['net-istio', 'serving', 'istio'], there))).toEqual(ids(remove(['istio', 'net-istio', 'serving'], there)));
  });

  test('what something else needs stays, and the command that removes both is named', () => {
    expect(() => remove(['kourier'], ['knative-serving', 'kourier'])).toThrow(expect.objectContaining({
      code: 'addon-needed', exit: 2, message: 'Kourier ingress is needed by Knative Serving', hints: [{ text: 'remove them together', command: 'devstack addon remove kourier knative-serving --name t' }],
    }));
    expect(() => remove(['metrics'], ['metrics-server', 'knative-hpa', 'knative-serving', 'kourier'])).toThrow(expect.objectContaining({ code: 'addon-needed' }));
    expect(() => remove(['metrics'], ['metrics-server', 'knative-serving', 'kourier'])).not.toThrow();
  });

  test('what a sample stands on stays', () => {
    expect(() => remove(['serving', 'kourier'], ['knative-serving', 'kourier', 'sample-hello'], [{ definedBy: 'knative-serving', ref: hello, part: 'sample-hello' }]))
      .toThrow(expect.objectContaining({ code: 'addon-in-use', message: 'Knative Serving is in use by sample-hello', reason: 'service default/hello' }));
  });

  test('objects of people are named in the step that removes them', () => {
    const plan = remove(['eventing'], ['knative-eventing'], [{ definedBy: 'knative-eventing', ref: trigger }]);
    expect(plan.steps.map((step) => step.title)).toEqual(['Remove Knative Eventing, and first what people made with it: trigger default/t1']);
  });

  test('objects that an addon which leaves earlier must let go of, leave before it', () => {
    const mine = { definedBy: 'knative-serving', ref: { ...hello, name: 'mine' } };
    const plan = remove(['kourier', 'serving'], ['knative-serving', 'kourier'], [mine]);
    expect(plan.steps.map(({ id, title }) => [id, title])).toEqual([
      ['remove:knative-serving-objects', 'Remove what was made with Knative Serving: service default/mine'],
      ['remove:kourier', 'Remove Kourier ingress'], ['remove:knative-serving', 'Remove Knative Serving'],
    ]);
  });

  test('what is not there changes nothing, and is told', () => {
    expect(remove(['istio'], ['knative-serving'])).toMatchObject({ steps: [], notes: ['Istio is not installed'] });
  });

  test('what an addon made with itself is no reason to keep it', () => {
    const broker: ObjectRef = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', namespace: 'default', name: 'default' };
    const plan = remove(['eventing'], ['knative-eventing', 'knative-eventing-after'], [{ definedBy: 'knative-eventing', ref: broker, part: 'knative-eventing-after' }]);
    expect(plan.steps.map((step) => step.title)).toEqual(['Remove what devstack made with Knative Eventing', 'Remove Knative Eventing']);
  });
});
