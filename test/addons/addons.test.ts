// Every addon against the manifests that it is made of: what its page says is what its files, as patched, do.
import { describe, expect, test } from 'vitest';
import type { Addon, AddonContext, Footprint } from '../../src/addons/addon.ts';
import { addons } from '../../src/addons/index.ts';
import { mergeRepeats } from '../../src/kube/manifest.ts';
import { applyPatches } from '../../src/kube/patch.ts';
import { arrayAt, at, type KubeObject, refKey, refOf, stringAt } from '../../src/model/object.ts';
import { readDigest } from './digest.ts';
import { parseCpu, parseMemory } from './quantity.ts';

const context: AddonContext = {
  stack: 't', domain: 'localhost', ingressClass: 'kourier.ingress.networking.knative.dev', ingressNodePort: 31080, registryPort: 5001, nodes: 1, fit: false, subnet: '172.18.0.0/16',
};
const fit: AddonContext = { ...context, fit: true };
const CONTROLLERS = ['Deployment', 'StatefulSet', 'DaemonSet'];
/** Their files' sums are not established; they are pinned on first use. */
const UNPINNED = ['gateway-api', 'metrics-server'];

/** What would be applied: the digests of the files and the addon's own objects, patched. */
function objectsOf(addon: Addon, given: AddonContext): readonly KubeObject[] {
  const { sources, patches } = addon.install(given, addon.version);
  const objects = sources.flatMap((source) => ('artifact' in source ? readDigest(source.artifact).objects : source.objects));
  // Digests carry no texts of configuration; manifests.api.test.ts patches the files themselves.
  return applyPatches(mergeRepeats(objects), patches.filter((patch) => patch.find === undefined));
}

const containersOf = (object: KubeObject) => arrayAt(object, 'spec', 'template', 'spec', 'containers');
const replicasOf = (object: KubeObject) => Number(at(object, 'spec', 'replicas') ?? 1);
const running = (objects: readonly KubeObject[]) => objects.filter((object) => CONTROLLERS.includes(object.kind) && replicasOf(object) > 0);

function requestsOf(objects: readonly KubeObject[]): Footprint {
  const all = objects.flatMap((object) => containersOf(object).map((container) => ({ container, times: replicasOf(object) })));
  return {
    cpuMilli: all.reduce((sum, { container, times }) => sum + times * parseCpu(stringAt(container, 'resources', 'requests', 'cpu')), 0),
    memoryMi: all.reduce((sum, { container, times }) => sum + times * parseMemory(stringAt(container, 'resources', 'requests', 'memory')), 0),
  };
}

describe.each(addons.map((addon) => [addon.id, addon] as const))('%s', (_id, addon) => {
  test.each([['as it is', context, 'footprint'], ['lowered', fit, 'fitFootprint']] as const)('requests %s are the sums of its files', (_how, given, which) => {
    const objects = running(objectsOf(addon, given));
    const onEachNode = (object: KubeObject) => object.kind === 'DaemonSet';
    expect(requestsOf(objects.filter((object) => !onEachNode(object)))).toEqual(addon[which]);
    expect(requestsOf(objects.filter(onEachNode))).toEqual(addon.perNode?.[which] ?? { cpuMilli: 0, memoryMi: 0 });
  });

  test('waits for everything that runs, and for nothing that does not exist', () => {
    const objects = objectsOf(addon, context);
    const known = new Set(objects.map((object) => refKey(refOf(object))));
    const waited = addon.install(context, addon.version).waitFor.map(refKey);
    expect(waited.filter((key) => !known.has(key))).toEqual([]);
    expect(running(objects).map((object) => refKey(refOf(object))).filter((key) => !waited.includes(key))).toEqual([]);
    expect(waited.length).toBeGreaterThan(0);
  });

  test('is asked for readiness soon and often', () => {
    const probes = running(objectsOf(addon, context)).flatMap(containersOf).flatMap((container) => at(container, 'readinessProbe') ?? []);
    for (const probe of probes) {
      expect(Number(at(probe, 'initialDelaySeconds') ?? 0), JSON.stringify(probe)).toBe(0);
      expect(Number(at(probe, 'periodSeconds') ?? 10), JSON.stringify(probe)).toBeLessThanOrEqual(2);
    }
  });

  test('ends within half a minute', () => {
    const graces = running(objectsOf(addon, context)).map((object) => Number(at(object, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds') ?? 30));
    expect(Math.max(0, ...graces)).toBeLessThanOrEqual(30);
  });

  test('lowered requests do not make an autoscaler answer idle load', () => {
    const objects = objectsOf(addon, fit);
    const before = objectsOf(addon, context);
    for (const scaler of objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')) {
      const isTarget = (object: KubeObject) => object.kind === stringAt(scaler, 'spec', 'scaleTargetRef', 'kind') && object.metadata.name === stringAt(scaler, 'spec', 'scaleTargetRef', 'name');
      const lowered = requestsOf(objects.filter(isTarget)).cpuMilli < requestsOf(before.filter(isTarget)).cpuMilli;
      if (lowered) expect(at(scaler, 'spec', 'maxReplicas'), scaler.metadata.name).toBe(1);
    }
  });

  test('every change to upstream says why, every file is pinned, plain data all of it', () => {
    for (const given of [context, fit]) {
      const { sources, patches, waitFor, admits, after } = addon.install(given, addon.version);
      expect(patches.every((patch) => patch.why.length > 10)).toBe(true);
      expect(JSON.parse(JSON.stringify({ sources, patches, waitFor, admits, after }))).toEqual({ sources, patches, waitFor, admits, after });
    }
    for (const artifact of addon.artifacts(addon.version)) {
      expect(artifact.url).toMatch(/^https:\/\/[^ ]+\.yaml$/);
      if (!UNPINNED.includes(addon.id)) expect(artifact.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(addon.title).not.toBe('');
    expect(addon.summary.length).toBeLessThan(120);
  });

  test('another version has other files, without a pin', () => {
    if (addon.otherVersions !== undefined) return;
    const [source] = addon.install(context, '9.8.7').sources;
    expect(JSON.stringify([source, addon.beside?.('9.8.7')])).toContain('9.8.7');
    for (const artifact of addon.artifacts('9.8.7')) expect(artifact.sha256).toBeUndefined();
  });
});

describe.each(addons.filter((addon) => addon.ingress !== undefined).map((addon) => [addon.id, addon] as const))('ingress %s', (_id, addon) => {
  test('has one way in, to pods that exist', () => {
    const own = objectsOf(addon, context);
    const nodePorts = own.filter((object) => object.kind === 'Service' && at(object, 'spec', 'type') === 'NodePort');
    expect(nodePorts).toMatchObject([{ metadata: { name: 'devstack-ingress' }, spec: { ports: [{ port: 80, targetPort: 8080, nodePort: 31080 }] } }]);
    const all = [own, ...addons.filter((other) => addon.needs.includes(other.id)).map((other) => objectsOf(other, context))].flat();
    const [service] = nodePorts;
    const selector = Object.entries(at(service, 'spec', 'selector') ?? {});
    const behind = all.filter((object) => CONTROLLERS.includes(object.kind) && object.metadata.namespace === service?.metadata.namespace
      && selector.every(([key, value]) => stringAt(object, 'spec', 'template', 'metadata', 'labels', key) === value));
    expect(behind.length).toBe(1);
    // The port of the pods that the ingress's own Service leads port 80 to.
    const upstream = all.find((object) => object.kind === 'Service' && object.metadata.namespace === service?.metadata.namespace
      && at(object, 'spec', 'type') === 'LoadBalancer' && JSON.stringify(Object.entries(at(object, 'spec', 'selector') ?? {})).includes(JSON.stringify(selector[0])));
    expect(arrayAt(upstream, 'spec', 'ports')).toContainEqual(expect.objectContaining({ port: 80, targetPort: 8080 }));
  });
});

test('metrics-server trusts the kubelets of local clusters, once', () => {
  const server = addons.find(({ id }) => id === 'metrics-server') ?? expect.fail();
  const [deployed] = objectsOf(server, context).filter(({ kind }) => kind === 'Deployment');
  const args = arrayAt(deployed === undefined ? undefined : containersOf(deployed)[0], 'args');
  expect(args.filter((arg) => arg === '--kubelet-insecure-tls')).toEqual(['--kubelet-insecure-tls']);
  expect(args).toContain('--metric-resolution=15s');
});

test('MetalLB takes the high end of the nodes\' network', () => {
  const metallb = addons.find(({ id }) => id === 'metallb') ?? expect.fail();
  expect(metallb.install(context, metallb.version).after?.[0]).toMatchObject({ kind: 'IPAddressPool', spec: { addresses: ['172.18.255.200-172.18.255.250'] } });
  expect(() => metallb.install({ ...context, subnet: undefined }, metallb.version)).toThrow(expect.objectContaining({ code: 'addresses-unknown', exit: 3 }));
});
