// What every cluster provider promises, whatever it is made of. Run against fakes in the unit tier and against real engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discoverStacks } from '../../src/clusters/index.ts';
import type { ClusterProvider, ProviderContext } from '../../src/clusters/provider.ts';
import type { Access } from '../../src/model/access.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';

export interface ProviderSubject {
  readonly provider: ClusterProvider;
  /** With one host port, and `settings` that must come back. */
  readonly plan: ClusterPlan;
  readonly context: ProviderContext;
  /** An image that the engine has and the nodes lack, for providers that load images. */
  readonly image?: string;
  /** Image of a registry that the engine has, and a free port, for providers that keep one. */
  readonly registry?: { readonly image: string; readonly port: number };
  /** Names whatever would differ had the cluster been made anew (ids of its nodes). */
  identity(): Promise<string>;
  /** Gives the name of the image to another one, as a new build does. */
  rebuildImage?(): Promise<void>;
  /** Sees to it that nothing is left, whatever the tests did; also true when the user's own kubeconfig is as it was. */
  cleanUp(): Promise<boolean>;
}

/** The tests stand in an order: one cluster lives through them all. */
export function providerContract(name: string, make: () => Promise<ProviderSubject>): void {
  describe(`${name} keeps the contract of a provider`, () => {
    let subject: ProviderSubject;
    let access: Access;
    let clean = false;
    beforeAll(async () => { subject = await make(); });
    afterAll(async () => { if (!clean) await subject.cleanUp(); });

    const observe = () => subject.provider.observe(subject.plan.stack, subject.plan.cluster, subject.context);
    const reach = () => subject.provider.access(subject.plan.stack, subject.plan.cluster, subject.context);
    const destroy = () => subject.provider.destroy(subject.plan.stack, subject.plan.cluster, subject.context);
    const stacks = async () => (await discoverStacks(subject.context.ports)).filter((found) => found.stack === subject.plan.stack);

    test('what is not there is absent, out of reach, and destroyed without a word', async () => {
      expect(await observe()).toMatchObject({ state: 'absent', nodes: 0 });
      expect(await reach()).toBeUndefined();
      expect(await destroy()).toEqual([]);
      expect(await stacks()).toEqual([]);
    });

    test('create makes it and says how to reach it', async () => {
      access = await subject.provider.create(subject.plan, subject.context);
      expect(access.runtime).toBe(subject.provider.runtime);
      if (access.runtime === 'kubernetes') {
        const client = await subject.context.ports.kubeConnector.connect(access);
        expect(await client.version(subject.context.signal)).toMatch(/^v1\.\d+/);
        client.close();
      }
      await subject.provider.finish?.(subject.plan, subject.context);
    });

    test('observe reads back what it was made with', async () => {
      const facts = await observe();
      expect(facts).toMatchObject({ state: 'running', nodes: subject.plan.nodes, settings: subject.plan.settings });
      expect(facts.capacity?.cpuMilli).toBeGreaterThan(0);
      if (subject.plan.ports[0] !== undefined) expect(facts.ingressPort).toBe(subject.plan.ports[0].host);
      if (subject.plan.nodeImage !== undefined) expect(facts.nodeImage).toBe(subject.plan.nodeImage);
    });

    test('the stack is found by its labels alone', async () => {
      const { stack, provider, cluster, ports } = subject.plan;
      expect(await stacks()).toEqual([{ stack, provider, cluster, port: ports[0]?.host }]);
    });

    test('create again changes nothing', async () => {
      const before = await subject.identity();
      expect(await subject.provider.create(subject.plan, subject.context)).toEqual(access);
      await subject.provider.finish?.(subject.plan, subject.context);
      expect(await subject.identity()).toBe(before);
    });

    test('access heals what was lost on this machine', async () => {
      if (access.runtime === 'kubernetes') {
        const text = await subject.context.ports.files.readText(access.kubeconfig);
        await subject.context.ports.kubeconfigs.remove(subject.plan.stack);
        expect(await reach()).toEqual(access);
        expect(await subject.context.ports.files.readText(access.kubeconfig)).toBe(text);
        expect((await subject.context.ports.files.stat(access.kubeconfig))?.mode).toBe(0o600);
      } else {
        expect(await reach()).toEqual(access);
      }
    });

    test('an image goes into the nodes once, and again when it was built anew', async ({ skip }) => {
      const { image, plan, context, provider: { images } } = subject;
      if (images === undefined || image === undefined) return skip('this provider loads no images');
      expect(await images.missing(plan, [image], context)).toEqual([image]);
      await images.load(plan, image, context);
      expect(await images.missing(plan, [image], context)).toEqual([]);
      await subject.rebuildImage?.();
      if (subject.rebuildImage !== undefined) expect(await images.missing(plan, [image], context)).toEqual([image]);
      await images.load(plan, image, context);
      expect(await images.missing(plan, [image], context)).toEqual([]);
    });

    test('a registry beside the nodes: made once, made again as it was, taken away, where there can be one', async () => {
      const { registry, plan: { stack, cluster }, context, provider: { registry: keeper } } = subject;
      expect(registry !== undefined).toBe(keeper !== undefined);
      if (keeper === undefined || registry === undefined) return;
      const wish = { stack, cluster, ...registry };
      const isReady = () => keeper.isReady(wish, context);
      expect([await isReady(), (await observe()).registry]).toEqual([false, undefined]);
      await keeper.ensure(wish, context);
      const made = await subject.identity();
      expect([await isReady(), await keeper.isReady({ ...wish, port: wish.port + 1 }, context), (await observe()).registry]).toEqual([true, false, { ...registry, isRunning: true }]);
      await keeper.ensure(wish, context);
      expect(await subject.identity()).toBe(made);
      // What is there needs no image any more.
      await keeper.ensure({ ...wish, image: 'devstack.invalid/registry:0' }, context);
      expect(await subject.identity()).toBe(made);
      expect([await keeper.remove(wish, context), await keeper.remove(wish, context), await isReady()]).toEqual([true, false, false]);
      await keeper.ensure(wish, context);
      expect([await isReady(), (await observe()).nodes]).toEqual([true, subject.plan.nodes]);
    });

    test('stopped is told, and create wakes it up as the same cluster, where it can be stopped', async () => {
      const { provider: { power, capabilities }, plan, context } = subject;
      expect(capabilities.canStop).toBe(power !== undefined);
      if (power === undefined) return;
      const before = await subject.identity();
      await power.stop(plan, context);
      expect(await observe()).toMatchObject({ state: 'stopped', settings: plan.settings, ...(plan.ports[0] === undefined ? {} : { ingressPort: plan.ports[0].host }) });
      expect(await reach()).toBeUndefined();
      expect(await subject.provider.create(plan, context)).toEqual(access);
      const registry = subject.registry === undefined ? {} : { registry: { port: subject.registry.port, isRunning: true } };
      expect(await observe()).toMatchObject({ state: 'running', ...registry });
      expect(await subject.identity()).toBe(before);
    });

    test('destroy leaves nothing and says what it removed', async () => {
      expect((await destroy()).length).toBeGreaterThan(0);
      expect(await observe()).toMatchObject({ state: 'absent', nodes: 0 });
      expect(await destroy()).toEqual([]);
      expect(await stacks()).toEqual([]);
      clean = true;
      expect(await subject.cleanUp()).toBe(true);
    });
  });
}
