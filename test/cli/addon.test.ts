import { describe, expect, test } from 'vitest';
import { knownAddons } from '../../src/cli/addon-listing.ts';
import type { UseCases } from '../../src/cli/use-cases.ts';
import { preconditionError, usageError } from '../../src/model/error.ts';
import type { Plan } from '../../src/model/plan.ts';
import { lastLine, run } from './harness.ts';

const removal: Plan = {
  schema: 1, stack: 'lab', notes: [], endpoints: [],
  steps: [{ kind: 'remove', id: 'remove:istio', title: 'Remove Istio', lane: 'Istio', needs: [], stack: 'lab', part: 'istio', destructive: true }],
};
const change: Awaited<ReturnType<UseCases['changeAddons']>> = { stack: 'lab', changed: 1, removed: ['deployment istio-system/istiod'], kept: [], notes: [], durationMs: 900 };

describe('addon list', () => {
  test('tells what the stack has', async () => {
    const listing = { stack: 'lab', addons: knownAddons().addons.map((addon) => (addon.id === 'istio' ? { ...addon, state: 'installed' as const } : addon)) };
    const outcome = await run(['addon', 'list'], { useCases: { addons: async () => listing } });
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout).toMatch(/✔ +istio +1\.29\.2/);
    expect(outcome.stdout).toMatch(/contour +1\.33\.5 +480m 480Mi a node/);
    expect(outcome.stdout).toContain('kubeless');
  });

  test('tells what there is also without an engine or a stack', async () => {
    const nobody = async () => { throw preconditionError({ code: 'docker-not-running', message: 'no engine' }); };
    const outcome = await run(['addon', '--json'], { useCases: { addons: nobody } });
    expect(lastLine(outcome)).toMatchObject({ ok: true, stack: null, addons: expect.arrayContaining([expect.objectContaining({ id: 'knative-eventing', aliases: ['eventing'], state: 'available' })]) });
  });

  test('a stack that was named must be there', async () => {
    const unknown = async () => { throw usageError({ code: 'stack-unknown', message: 'there is no stack x' }); };
    const outcome = await run(['addon', 'list', '--name', 'x', '--json'], { useCases: { addons: unknown } });
    expect(outcome.code).toBe(2);
    expect(lastLine(outcome)).toMatchObject({ ok: false, error: { code: 'stack-unknown' } });
  });
});

describe('addon add', () => {
  test('asks for exactly these addons, on the stack that was named', async () => {
    const asked: unknown[] = [];
    const outcome = await run(['addon', 'add', 'eventing', 'metrics', '--name', 'lab', '--fit', '--yes', '--json'], {
      useCases: {
        planAddons: async ({ spec, stack }) => { asked.push([spec.addons, spec.fit, spec.samples, stack]); return { ...removal, steps: [] }; },
        changeAddons: async () => change,
      },
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(asked).toEqual([[['eventing', 'metrics'], true, [], 'lab']]);
    expect(lastLine(outcome)).toMatchObject({ ok: true, stack: 'lab', changed: 1 });
  });

  test('of what has a page it says how one gets there', async () => {
    const plan: Plan = { ...removal, steps: [{
      kind: 'apply', id: 'apply:dashboard', title: 'Install', lane: 'Dashboard', needs: [], part: 'dashboard', sources: [], patches: [], imageRules: [],
    }] };
    const outcome = await run(['addon', 'add', 'dashboard', '--name', 'lab'], { useCases: { planAddons: async () => plan, changeAddons: async () => change } });
    expect(outcome.stdout).toContain('see it: devstack open dashboard --name lab\n');
  });

  test.each([
    [['addon', 'add'], 'argument-missing'],
    [['addon', 'add', 'eventin'], 'addon-unknown'],
    [['addon', 'add', 'kubeless'], 'addon-archived'],
    [['addon', 'add', 'openfaas'], 'addon-elsewhere'],
    [['addon', 'remove', 'no-such'], 'addon-unknown'],
    [['addon', 'remove', 'gloo'], 'addon-ended'],
    [['addon', 'instal', 'istio'], 'command-line-invalid'],
  ])('%j is refused before anything is asked of the machine', async (argv, code) => {
    const outcome = await run([...argv, '--json']);
    expect(outcome.code).toBe(2);
    expect(lastLine(outcome)).toMatchObject({ ok: false, error: { code } });
  });
});

describe('addon remove', () => {
  test('is asked for before it destroys, and nobody can be asked here', async () => {
    const outcome = await run(['addon', 'remove', 'istio', '--name', 'lab'], { useCases: { planAddonRemoval: async () => removal } });
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('Stack lab: remove Istio?');
  });

  test('with --yes it is carried out, with --dry-run it is shown', async () => {
    const useCases: Partial<UseCases> = { planAddonRemoval: async () => removal, changeAddons: async () => change };
    expect((await run(['addon', 'remove', 'istio', '--name', 'lab', '--yes'], { useCases })).stdout).toBe('✔ removed in 0.9s: 1 object, stack lab\n');
    expect((await run(['addon', 'remove', 'istio', '--dry-run'], { useCases: { planAddonRemoval: async () => removal } })).stdout).toContain('Remove Istio (removes)');
  });
});

test('addon images writes one name a line', async () => {
  const specs: unknown[] = [];
  const outcome = await run(['addon', 'images', 'knative', 'eventing', '--ingress', 'contour'], {
    useCases: { addonImages: async (spec) => { specs.push([spec.preset, spec.addons, spec.ingress]); return [{ image: 'a/b:1', parts: ['x'] }, { image: 'a/c:1', parts: ['x', 'y'] }]; } },
  });
  expect(outcome.stdout).toBe('a/b:1\na/c:1\n');
  expect(specs).toEqual([['knative', ['knative-serving', 'eventing'], 'contour']]);
});

describe('dns', () => {
  test('shows the ladder', async () => {
    const domains = async () => [{ domain: '127.0.0.1.sslip.io', resolves: false, reason: 'does not resolve' }, { domain: 'localtest.me', resolves: true, reason: 'resolves to 127.0.0.1' }];
    const outcome = await run(['dns'], { useCases: { domains } });
    expect(outcome.stdout).toMatch(/✖ +\*\.127\.0\.0\.1\.sslip\.io/);
    expect(outcome.stdout).toContain('A new stack takes localtest.me.');
  });

  test('serve says how to be asked, and how often it was', async () => {
    const serveNames = async ({ domain, port }: { domain: string; port: number }) => ({ port: port + domain.length, ended: Promise.resolve(3) });
    const outcome = await run(['dns', 'serve', '--domain', 'lab.test', '--port', '5000', '--json'], { useCases: { serveNames } });
    expect(lastLine(outcome)).toMatchObject({ ok: true, domain: 'lab.test', port: 5008, answered: 3 });
    expect(outcome.stdout).toContain('/etc/resolver/lab.test');
  });

  test.each([['lab..test'], ['-x.test'], ['a b'], ['x;rm']])('%j is no domain', async (domain) => {
    expect(lastLine(await run(['dns', 'serve', '--domain', domain, '--json']))).toMatchObject({ ok: false, error: { code: expect.stringMatching(/domain-invalid|command-line-invalid/) } });
  });
});
