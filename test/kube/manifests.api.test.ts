// Every upstream manifest of the laboratory: applied by us and by kubectl it is the same, applied again it is no write, removed it is gone.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClock } from '../../src/host/clock.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { INVENTORY_NAMESPACE_OBJECT, type InventoryEntry, storeInventory } from '../../src/kube/inventory.ts';
import { mergeRepeats, parseObjects } from '../../src/kube/manifest.ts';
import { waveOf } from '../../src/kube/order.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import { type KubeObject, refKey, refOf } from '../../src/model/object.ts';
import type { KubeClient, ObjectSet } from '../../src/ports.ts';
import { type ApiServer, ASSETS, startRealServer } from './api-servers.ts';
import { runLoneControllers } from './lone-controllers.ts';
import { plain, snapshot } from './snapshot.ts';

const LAB = process.env['DEVSTACK_LAB'];
const MANIFESTS = LAB === undefined ? undefined : join(LAB, '../manifests');

const clock = createClock();
const sets = createKubeSets(clock);
const yaml = createYaml();
const signal = new AbortController().signal;
const quiet = { onProgress: () => undefined, signal };

function manifests(): readonly string[] {
  if (MANIFESTS === undefined) return [];
  const files = readdirSync(MANIFESTS, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  // An IstioOperator is an input of istioctl, not of a cluster.
  return files.filter((file) => !file.includes('IstioOperator-')).sort();
}

function objectsOf(file: string): readonly KubeObject[] {
  return mergeRepeats(parseObjects(yaml.parseAll(readFileSync(join(MANIFESTS ?? '', file), 'utf8'), file), file));
}

/** With a file goes what it builds on, without which the server refuses it. */
const BUILDS_ON: { readonly [folder: string]: readonly string[] } = {
  'knative-eventing/1.23.0/eventing-tls-networking.yaml': ['cert-manager/1.18.0/cert-manager.yaml'],
  'gateway-api/1.4.1-knative/contour-gateway.yaml': ['gateway-api/1.4.1-knative/gateway-api.yaml', 'contour/1.33.6/contour.yaml'],
  'gateway-api/1.4.1-knative/istio-gateway.yaml': ['gateway-api/1.4.1-knative/gateway-api.yaml'],
  'net-istio/1.23/net-istio.yaml': ['istio/1.29.2/istio-kind-no-mesh.yaml'],
  'net-contour/1.23/net-contour.yaml': ['contour/1.33.5-knative/contour.yaml'],
};

function setOf(file: string): ObjectSet {
  const objects = mergeRepeats([...(BUILDS_ON[file] ?? []), file].flatMap(objectsOf));
  const declared = new Set(objects.filter((object) => object.kind === 'Namespace').map((object) => object.metadata.name));
  const needed = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  const missing = [...needed].filter((name) => !declared.has(name) && !['default', 'kube-system'].includes(name));
  const namespaces = missing.map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  return { stack: 'lab', part: file.replaceAll(/[^a-z0-9]+/g, '-').replace(/-yaml$/, ''), objects: [...namespaces, ...objects] };
}

function kubectl(kubeconfig: string, args: readonly string[], objects: readonly KubeObject[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(join(ASSETS ?? '', 'kubectl'), ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr));
    });
    child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  });
}

/** What the documentation tells a person to type: definitions, then all else; what guards requests comes last. */
async function applyByHand(kubeconfig: string, objects: readonly KubeObject[]): Promise<void> {
  const apply = ['apply', '--server-side', '-f', '-'];
  const of = (...waves: readonly string[]) => objects.filter((object) => waves.includes(waveOf(object)));
  const definitions = of('definitions');
  const first = of('definitions', 'namespaces');
  if (first.length > 0) await kubectl(kubeconfig, apply, first);
  if (definitions.length > 0) await kubectl(kubeconfig, ['wait', '--for=condition=Established', '--timeout=30s', '-f', '-'], definitions);
  for (const wave of ['core', 'custom', 'gates']) if (of(wave).length > 0) await kubectl(kubeconfig, apply, of(wave));
}

/** Our removal of objects that carry none of our labels: the inventory alone proves that they are meant. */
async function adoptAndRemove(client: KubeClient, set: ObjectSet): Promise<void> {
  const entries = await Promise.all(set.objects.map(async (object): Promise<InventoryEntry> => {
    const uid = (await client.get(refOf(object)))?.metadata.uid;
    return { ref: refOf(object), ...(uid === undefined ? {} : { uid }) };
  }));
  await client.apply(INVENTORY_NAMESPACE_OBJECT);
  await storeInventory(client, { stack: set.stack, part: set.part, complete: true, entries }, signal);
  await sets.remove(client, set, quiet);
}

describe.skipIf(ASSETS === undefined || LAB === undefined)('upstream manifests (KUBEBUILDER_ASSETS, DEVSTACK_LAB)', () => {
  let ours: ApiServer;
  let theirs: ApiServer;
  let client: KubeClient;
  let other: KubeClient;
  const stop = new AbortController();

  beforeAll(async () => {
    [ours, theirs] = await Promise.all([startRealServer(ASSETS ?? ''), startRealServer(ASSETS ?? '')]);
    [client, other] = await Promise.all([ours.connect(), theirs.connect()]);
    runLoneControllers(await ours.connect(), stop.signal);
    runLoneControllers(await theirs.connect(), stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await Promise.all([ours?.close(), theirs?.close()]);
  });

  it.each(manifests().filter((file) => !/post-install|UNRESOLVED/.test(file)))('%s', async (file) => {
    const set = setOf(file);
    const before = await snapshot(client, clock);
    const start = client.requests;
    const report = await sets.apply(client, set, quiet);
    const writes = client.requests.writes - start.writes;
    // Intent and end of the inventory, and its namespace, are all that is written besides the objects.
    expect(writes).toBeLessThanOrEqual(set.objects.length + 3);
    expect(report.kept).toEqual([]);

    await applyByHand(theirs.kubeconfig, set.objects);
    for (const object of set.objects) {
      const [mine, byHand] = await Promise.all([client.get(refOf(object)), other.get(refOf(object))]);
      if (mine === undefined || byHand === undefined) throw new Error(`${refKey(refOf(object))} is missing`);
      expect(plain(mine), refKey(refOf(object))).toEqual(plain(byHand));
    }
    await adoptAndRemove(other, set);

    const settled = client.requests;
    expect(await sets.compare(client, set, signal)).toBe('unchanged');
    expect(await sets.apply(client, set, quiet)).toMatchObject({ created: [], changed: [], unchanged: set.objects.length });
    expect(client.requests.writes).toBe(settled.writes);

    await sets.remove(client, set, quiet);
    expect(await snapshot(client, clock)).toEqual(before);
  }, 120_000);

  it.each(manifests().filter((file) => /post-install/.test(file)))('%s is refused: its jobs have no name', (file) => {
    expect(() => objectsOf(file)).toThrow(expect.objectContaining({ code: 'manifest-invalid' }));
  });
});
