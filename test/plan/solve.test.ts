import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addons } from '../../src/addons/index.ts';
import { type DevstackError, isDevstackError } from '../../src/model/error.ts';
import type { StackSpec } from '../../src/model/stack.ts';
import { applyChange, type Change, commandOf } from '../../src/plan/change.ts';
import { footprintOf, measureFit } from '../../src/plan/fit.ts';
import { selectAddons } from '../../src/plan/select.ts';
import { type SolveInput, solve } from '../../src/plan/solve.ts';
import { engine, spec } from './spec.ts';

function input(changes: Partial<StackSpec>, machine: { readonly cpus?: number; readonly memoryMi?: number } = {}): SolveInput {
  return {
    spec: { ...spec, ...changes }, engine: { ...engine, ...machine }, kubernetesOf: (wish) => wish.kubernetes ?? '1.36.4',
    canChange: { kubernetes: true, nodes: true, ingress: true },
  };
}

function refusalOf(asked: SolveInput): DevstackError {
  try {
    solve(asked);
  } catch (error) {
    if (isDevstackError(error)) return error;
    throw error;
  }
  throw new Error('it was possible');
}

const changesOf = (error: DevstackError) => error.details?.['changes'] as unknown as readonly (readonly Change[])[];
const commands = (error: DevstackError) => error.hints.map((hint) => hint.command);

describe('room', () => {
  test('Serving and Kourier fit two CPUs as they are', () => {
    expect(() => solve(input({}, { cpus: 2 }))).not.toThrow();
  });

  test('with Eventing and metrics two CPUs are too few on one node, and enough on two or with lower requests', () => {
    const wished = { addons: ['knative-serving', 'eventing', 'metrics-server'] };
    const error = refusalOf(input(wished, { cpus: 2 }));
    expect(error).toMatchObject({ code: 'does-not-fit', exit: 3, message: 'the stack requests 1750m CPU, the nodes have 1050m left for it' });
    expect(changesOf(error)).toEqual([[{ kind: 'fit' }], [{ kind: 'nodes', nodes: 2 }]]);
    expect(commands(error)).toContain('devstack up knative --name t --with knative-serving,eventing,metrics-server --fit');
    expect(commands(error)).toContain('devstack up knative --name t --with knative-serving,eventing,metrics-server --nodes 2');
    expect(() => solve(input({ ...wished, fit: true }, { cpus: 2 }))).not.toThrow();
    expect(() => solve(input({ ...wished, nodes: 2 }, { cpus: 2 }))).not.toThrow();
  });

  test('Istio and Contour ask for what their manifests, as patched, ask for', () => {
    const of = (id: string, nodes: number) => footprintOf(addons.find((addon) => addon.id === id) ?? expect.fail(id), { fit: false, nodes });
    expect(of('istio', 1)).toEqual({ cpuMilli: 200, memoryMi: 768 });
    expect(of('contour', 1)).toEqual({ cpuMilli: 480, memoryMi: 480 });
    // One control plane that runs nothing of others, two workers.
    expect(of('contour', 3)).toEqual({ cpuMilli: 960, memoryMi: 960 });
  });

  test('too little memory names what needs less', () => {
    const error = refusalOf(input({ ingress: 'istio' }, { memoryMi: 1200 }));
    expect(error).toMatchObject({ code: 'does-not-fit', message: 'the stack requests 1188 MiB of memory, the engine has 910 MiB left for it' });
    expect(changesOf(error)).toContainEqual([{ kind: 'fit' }]);
    expect(changesOf(error)).toContainEqual([{ kind: 'ingress', ingress: 'kourier' }]);
  });

  test('where one change is not enough, two are named', () => {
    const error = refusalOf(input({ addons: ['serving', 'eventing'], ingress: 'contour' }, { cpus: 1 }));
    expect(changesOf(error).every((changes) => changes.length === 2)).toBe(true);
    expect(changesOf(error)).toContainEqual([{ kind: 'fit' }, { kind: 'nodes', nodes: 2 }]);
  });

  test('a cluster that exists gets no more nodes', () => {
    const error = refusalOf({ ...input({ addons: ['serving', 'eventing'] }, { cpus: 2 }), canChange: { kubernetes: false, nodes: false, ingress: false } });
    expect(changesOf(error).flat().map((change) => change.kind)).not.toContain('nodes');
  });

  test('more never fits where less does not', () => {
    fc.assert(fc.property(fc.subarray(addons.map((addon) => addon.id)), fc.integer({ min: 1, max: 8 }), fc.boolean(), (chosen, cpus, fit) => {
      const list = addons.filter((addon) => chosen.includes(addon.id));
      const asked = { ...spec, fit };
      if (measureFit(list, asked, { ...engine, cpus }).fits) {
        expect(measureFit(list.slice(1), asked, { ...engine, cpus }).fits).toBe(true);
        expect(measureFit(list, { ...asked, fit: true }, { ...engine, cpus }).fits).toBe(true);
      }
    }));
  });
});

describe('conflicts and versions', () => {
  test('two ingresses: leave out one of them', () => {
    const error = refusalOf(input({ addons: ['knative-serving', 'kourier', 'net-istio'] }));
    expect(error.code).toBe('addon-conflict');
    expect(changesOf(error)).toEqual([[{ kind: 'drop', addon: 'kourier' }], [{ kind: 'drop', addon: 'net-istio' }]]);
    expect(commands(error)).toEqual([
      'devstack up base --name t --with knative-serving,net-istio --sample hello', 'devstack up base --name t --with knative-serving,kourier --sample hello',
    ]);
  });

  test('an old Kubernetes: the lowest line that all run on', () => {
    const error = refusalOf(input({ kubernetes: '1.33.4' }));
    expect(error).toMatchObject({ code: 'kubernetes-too-old', exit: 3, message: 'Knative Serving 1.23.0 needs Kubernetes 1.34.0 or newer, the nodes have 1.33.4' });
    expect(changesOf(error)).toEqual([[{ kind: 'kubernetes', version: '1.34' }]]);
    expect(commands(error)).toEqual(['devstack up knative --name t --with knative-serving --kubernetes 1.34']);
  });

  test('an older Knative runs on an older Kubernetes', () => {
    expect(() => solve(input({ kubernetes: '1.33.4', versions: { knative: '1.21.2' } }))).not.toThrow();
    expect(() => solve(input({ kubernetes: '1.32.0', versions: { knative: '1.21.2' } }))).toThrow(expect.objectContaining({ code: 'kubernetes-too-old' }));
  });

  test('a refusal of a known name keeps its own hints', () => {
    expect(commands(refusalOf(input({ ingress: 'gloo' })))).toEqual(['devstack up knative --ingress kourier', 'devstack up knative --ingress gateway-api']);
  });
});

test('every change that is named makes the wish possible', () => {
  const wishes = fc.record({
    addons: fc.subarray(addons.filter((addon) => addon.id !== 'metallb').map((addon) => addon.id)), ingress: fc.constantFrom('kourier', 'istio', 'contour', 'gateway-api'),
    kubernetes: fc.constantFrom('1.31.0', '1.34.4', undefined), fit: fc.boolean(), nodes: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(fc.property(wishes, fc.integer({ min: 1, max: 4 }), (wished, cpus) => {
    const asked = input(wished, { cpus });
    try {
      solve(asked);
    } catch (error) {
      if (!isDevstackError(error)) throw error;
      for (const changes of changesOf(error) ?? []) {
        const changed = changes.reduce(applyChange, asked.spec);
        expect(() => solve({ ...asked, spec: changed })).not.toThrow();
        expect(error.hints.map((hint) => hint.command)).toContain(commandOf(changed));
      }
    }
  }), { numRuns: 60 });
});

test('versions of a selection are those of its addons', () => {
  const { addons: chosen, versions } = selectAddons({ ...spec, ingress: 'istio' });
  expect(Object.keys(versions)).toEqual(chosen.map((addon) => addon.id));
});
