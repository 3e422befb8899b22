import { describe, expect, test } from 'vitest';
import { TOOL_PINS } from '../../../src/artifacts/tool-pins.ts';
import { clusterPlanOf, kindConfig, nodeNames, notesOf, problemsOf } from '../../../src/clusters/kind/cluster-plan.ts';
import { KIND_OF_PINS } from '../../../src/clusters/kind/node-image.ts';
import { engineFacts, planOf, specOf } from './kind-world.ts';

const fresh = (given = {}) => specOf({ nodeImage: undefined, ...given });
const oldEngine = { ...engineFacts, cgroupVersion: '1' as const };

describe('node image', () => {
  test('the default is pinned by digest', () => {
    expect(clusterPlanOf(fresh(), 8080, engineFacts)).toMatchObject({ kubernetes: '1.36.4', nodeImage: expect.stringMatching(/^kindest\/node:v1\.36\.4@sha256:[0-9a-f]{64}$/) });
    expect(notesOf(fresh(), engineFacts)).toEqual([]);
  });

  test('an engine with cgroup v1 gets the last Kubernetes that starts on it, and the reason is told', () => {
    expect(clusterPlanOf(fresh(), 8080, oldEngine).kubernetes).toBe('1.34.11');
    expect(notesOf(fresh(), oldEngine).join()).toMatch(/1\.34\.11.*cgroup v1/);
  });

  test('a version that cannot start there is refused before anything is made', () => {
    expect(() => clusterPlanOf(fresh({ kubernetes: '1.36' }), 8080, oldEngine)).toThrow(expect.objectContaining({ code: 'kind-cgroup-v1', exit: 3 }));
  });

  test('the named image wins over everything, the named version over the default', () => {
    expect(clusterPlanOf(specOf({ nodeImage: 'mirror.corp/node:v1.35.1', kubernetes: '1.37' }), 8080, oldEngine)).toMatchObject({ nodeImage: 'mirror.corp/node:v1.35.1', kubernetes: '1.35.1' });
    expect(clusterPlanOf(fresh({ kubernetes: '1.37' }), 8080, engineFacts).kubernetes).toBe('1.37.0');
    expect(clusterPlanOf(fresh({ kubernetes: '1.35.8' }), 8080, engineFacts).nodeImage).toMatch(/^kindest\/node:v1\.35\.8@sha256:/);
  });

  test('an engine of another architecture is refused', () => {
    expect(() => clusterPlanOf(fresh(), 8080, { ...engineFacts, arch: 'riscv64' })).toThrow(expect.objectContaining({ code: 'kind-architecture' }));
  });

  test('the kind that is fetched, and the oldest that is taken from PATH, know the pinned images', () => {
    expect(TOOL_PINS.find((pin) => pin.name === 'kind')).toMatchObject({ version: KIND_OF_PINS, minimum: KIND_OF_PINS });
  });
});

describe('problems of a spec', () => {
  test('none of the usual one', () => expect(problemsOf(specOf())).toEqual([]));
  test.each([
    [{ cluster: 'devstack-A_b' }, /only a-z/],
    [{ cluster: `devstack-${'a'.repeat(41)}` }, /too long.*64 characters/],
    [{ nodes: 0 }, /1 to 16/],
    [{ nodes: 17 }, /1 to 16/],
    [{ nodeImage: undefined, kubernetes: '1.20.0' }, /no node image is pinned for Kubernetes 1\.20\.0 .*--node-image/],
    [{ nodeImage: '--privileged' }, /not the name of an image/],
    [{ nodeImage: '$(id)' }, /not the name of an image/],
  ])('%j', (given, message) => expect(problemsOf(specOf(given)).join()).toMatch(message));

  test('the longest stack name has a host name that fits', () => expect(problemsOf(specOf({ cluster: `devstack-${'a'.repeat(40)}` }))).toEqual([]));
});

describe('configuration of kind', () => {
  test('as data, nothing off loopback', () => {
    expect(kindConfig(planOf({ nodes: 3 }))).toEqual({
      kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', name: 'devstack-dev', networking: { apiServerAddress: '127.0.0.1' },
      nodes: [
        { role: 'control-plane', image: 'kindest/node:v1.34.4', extraPortMappings: [{ containerPort: 31080, hostPort: 8080, listenAddress: '127.0.0.1', protocol: 'TCP' }] },
        { role: 'worker', image: 'kindest/node:v1.34.4' }, { role: 'worker', image: 'kindest/node:v1.34.4' },
      ],
    });
  });

  test('names of the nodes are those that kind gives', () => {
    expect(nodeNames('c', 3)).toEqual(['c-control-plane', 'c-worker', 'c-worker2']);
  });
});
