import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import { idleRevisions, planRollback, planTraffic, type Revision, revisionsOf } from '../../src/plan/plan-traffic.ts';

const revision = (number: number, change: Partial<Revision> = {}): Revision => ({ name: `app-0000${number}`, number, isReady: true, percent: 0, url: undefined, ...change });
const three = [revision(1), revision(2, { percent: 100 }), revision(3)];

describe('planTraffic', () => {
  it.each([
    [[['v1', 90], ['v2', 10]], [['app-00001', 90, 'v1'], ['app-00002', 10, 'v2']]],
    [[['1', 50], ['00003', 50]], [['app-00001', 50, 'v1'], ['app-00003', 50, 'v3']]],
    [[['app-00002', 100]], [['app-00002', 100, 'v2']]],
    [[['previous', 90], ['latest', 10]], [['app-00002', 90, 'v2'], ['app-00003', 10, 'v3']]],
    [[['v1', 100], ['v3', 0]], [['app-00001', 100, 'v1'], ['app-00003', 0, 'v3']]],
  ] as const)('%j', (wishes, targets) => {
    expect(planTraffic(wishes.map(([version, percent]) => ({ version, percent })), three)).toEqual(targets.map(([revisionName, percent, tag]) => ({ revisionName, percent, tag })));
  });

  it.each([
    [[['v9', 100]], 'no version v9'], [[['v1', 50]], 'the shares make 50 %'], [[['v1', 60], ['v2', 60]], 'make 120 %'], [[['v1', 50], ['1', 50]], 'named twice'],
    [[['v1', 100.5], ['v2', -0.5]], 'whole number'],
  ] as const)('refuses %j', (wishes, problem) => {
    expect(() => planTraffic(wishes.map(([version, percent]) => ({ version, percent })), three)).toThrow(expect.objectContaining({ code: 'traffic-invalid', exit: 2, reason: expect.stringContaining(problem) }));
  });

  it('gives no request to what is not ready, but may give it an address', () => {
    const broken = [revision(1), revision(2, { isReady: false })];
    expect(() => planTraffic([{ version: 'v2', percent: 100 }], broken)).toThrow(expect.objectContaining({ reason: expect.stringContaining('app-00002 is not ready') }));
    expect(planTraffic([{ version: 'v1', percent: 100 }, { version: 'v2', percent: 0 }], broken)).toHaveLength(2);
  });
});

describe('idleRevisions', () => {
  it('gets no request and has no address of its own; the newest may be about to', () => {
    const all = [revision(1), revision(2, { url: 'http://v2-app.x' }), revision(3, { percent: 100 }), revision(4, { isReady: false })];
    expect(idleRevisions(all).map(({ number }) => number)).toEqual([1]);
    expect([idleRevisions([]), idleRevisions([revision(1)])]).toEqual([[], []]);
  });
});

describe('planRollback', () => {
  it('goes to the version before the one with most', () => {
    expect(planRollback(three)).toEqual([{ revisionName: 'app-00001', percent: 100, tag: 'v1' }]);
    expect(planRollback([revision(1), revision(2, { isReady: false }), revision(3, { percent: 90 }), revision(4, { percent: 10 })])).toMatchObject([{ revisionName: 'app-00001' }]);
  });

  it('has nowhere to go from the first', () => {
    expect(() => planRollback([revision(1, { percent: 100 })])).toThrow(expect.objectContaining({ code: 'traffic-invalid' }));
  });
});

it('reads revisions oldest first, with their shares and addresses', () => {
  const object = (name: string, ready: string): KubeObject => ({ apiVersion: 'serving.knative.dev/v1', kind: 'Revision', metadata: { name }, status: { conditions: [{ type: 'Ready', status: ready }] } });
  const service: KubeObject = {
    apiVersion: 'serving.knative.dev/v1', kind: 'Service', metadata: { name: 'app' },
    status: { traffic: [{ revisionName: 'app-00001', percent: 90 }, { revisionName: 'app-00001', tag: 'v1', url: 'http://v1-app.x' }, { revisionName: 'app-00010', percent: 10 }] },
  };
  expect(revisionsOf(service, [object('app-00010', 'True'), object('app-00002', 'Unknown'), object('app-00001', 'True')])).toEqual([
    revision(1, { percent: 90, url: 'http://v1-app.x' }), revision(2, { isReady: false }), { ...revision(10, { percent: 10 }), name: 'app-00010' },
  ]);
});
