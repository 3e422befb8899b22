import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { context as provider } from '../../../src/clusters/context/index.ts';
import { stringAt } from '../../../src/model/object.ts';
import { stackLabels } from '../../../src/model/record.ts';
import { engineFacts, specOf } from '../kind/kind-spec.ts';
import { type ExistingWorld, existingWorld } from './existing-world.ts';

const spec = specOf({ provider: 'context', cluster: 'k3s-lab', nodeImage: undefined, addons: ['knative-serving'], settings: { context: 'k3s-lab' } });
const plan = provider.plan(spec, 18_401, engineFacts);
let world: ExistingWorld;
beforeEach(async () => { world = await existingWorld(); });
afterEach(() => world.remove());

const admit = (wish = spec) => provider.admit?.(wish, world.context);

describe('before anything is done', () => {
  test('what it can do is told', async () => {
    expect(await admit()).toEqual([expect.stringMatching(/Kubernetes 1\.34\.4, 1 node; node lab-node publishes/), expect.stringContaining('storage class')]);
  });

  test('nothing is sent elsewhere until its context is named', async () => {
    await world.configure('k3s-lab', 'https://203.0.113.7:6443');
    await expect(admit()).rejects.toMatchObject({ code: 'context-remote', exit: 2 });
    await expect(provider.create(plan, world.context)).rejects.toMatchObject({ code: 'context-remote' });
    expect(await provider.observe('dev', 'k3s-lab', world.context)).toEqual({ state: 'absent', nodes: 0 });
    expect(world.connected).toEqual([]);
    expect(world.engine.networks).toEqual([]);
    await expect(admit({ ...spec, settings: { ...spec.settings, 'allow-remote': 'k3s-lab' } })).resolves.toHaveLength(2);
  });

  test('no program is run for a context that nobody allowed', async () => {
    await world.configure('k3s-lab', 'https://127.0.0.1:6443', '{exec: {command: aws, apiVersion: client.authentication.k8s.io/v1}}');
    await expect(admit()).rejects.toMatchObject({ code: 'context-plugin', exit: 2 });
    expect(await provider.observe('dev', 'k3s-lab', world.context)).toEqual({ state: 'absent', nodes: 0 });
    expect(world.connected).toEqual([]);
  });

  test('a tunnel to a cloud is seen by its nodes', async () => {
    world.cluster.providerId = 'aws:///eu-central-1a/i-0abc';
    await expect(admit()).rejects.toMatchObject({ code: 'context-remote', reason: expect.stringContaining('aws://') });
    await expect(provider.create(plan, world.context)).rejects.toMatchObject({ code: 'context-remote' });
    expect(world.engine.networks).toEqual([]);
  });

  test('what the user may not do', async () => {
    world.cluster.forbidden = 'customresourcedefinitions';
    await expect(admit()).rejects.toMatchObject({ code: 'context-forbidden', exit: 3, reason: 'create customresourcedefinitions' });
  });

  test('no way in: what needs an ingress is refused, a bare stack is not', async () => {
    world.engine.containers[0] = { ...world.engine.find('lab-node'), ports: [] };
    await expect(admit()).rejects.toMatchObject({ code: 'context-no-way-in', exit: 3 });
    await expect(admit({ ...spec, addons: [] })).resolves.toHaveLength(2);
  });

  test('a context that does not exist names those that do', async () => {
    const settings = { context: 'other' };
    await expect(admit({ ...spec, settings })).rejects.toMatchObject({ code: 'context-unknown', reason: 'contexts: k3s-lab' });
    expect(provider.problems({ ...spec, settings: {} })).toEqual([]);
    expect(provider.problems({ ...spec, cluster: 'devstack-dev', settings: {} })).toHaveLength(1);
    expect(provider.problems({ ...spec, kubernetes: '1.34.4' })).toHaveLength(1);
  });

  test('a name that another provider has', async () => {
    world.engine.addNetwork('devstack-dev', stackLabels({ ...plan, provider: 'kind' }));
    await expect(admit()).rejects.toMatchObject({ code: 'cluster-not-ours' });
    await expect(provider.create(plan, world.context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
    await expect(provider.destroy('dev', 'k3s-lab', world.context)).rejects.toMatchObject({ code: 'cluster-not-ours' });
  });
});

describe('a stack in it', () => {
  beforeEach(async () => { await provider.create(plan, world.context); });

  test('has a kubeconfig of its own, with whole names of files', async () => {
    const { ports } = world.context;
    const config = ports.yaml.parseAll(await ports.files.readText(ports.kubeconfigs.pathOf('dev')) ?? '', 'own')[0];
    expect(stringAt(config, 'clusters', 0, 'cluster', 'certificate-authority')).toBe(`${world.home}/certs/ca.crt`);
    expect(stringAt(config, 'current-context')).toBe('devstack-dev');
  });

  test('away: told, and nothing is forgotten', async () => {
    world.cluster.isUp = false;
    expect(await provider.observe('dev', 'k3s-lab', world.context)).toMatchObject({ state: 'stopped' });
    await expect(provider.access('dev', 'k3s-lab', world.context)).rejects.toMatchObject({ code: 'context-unreachable', exit: 3 });
  });

  test('another cluster under that name is not touched', async () => {
    world.cluster.uid = 'u2';
    expect(await provider.observe('dev', 'k3s-lab', world.context)).toMatchObject({ state: 'partial' });
    expect(await provider.access('dev', 'k3s-lab', world.context)).toBeUndefined();
    await expect(provider.create(plan, world.context)).rejects.toMatchObject({ code: 'context-changed', hints: [{ command: 'devstack down dev' }] });
    await expect(admit()).rejects.toMatchObject({ code: 'context-changed' });
  });

  test('its context gone: the record can still be removed', async () => {
    await world.configure('another', 'https://127.0.0.1:6443');
    expect(await provider.observe('dev', 'k3s-lab', world.context)).toMatchObject({ state: 'partial' });
    expect(await provider.access('dev', 'k3s-lab', world.context)).toBeUndefined();
    expect(await provider.destroy('dev', 'k3s-lab', world.context)).toEqual(['record devstack-dev (the cluster of context k3s-lab stays)']);
  });
});
