// Objects that devstack writes itself, on a real API server: no field that it does not know, applied once, removed without a trace.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AddonContext } from '../../src/addons/addon.ts';
import { addons } from '../../src/addons/index.ts';
import { createClock } from '../../src/host/clock.ts';
import { createKubeSets } from '../../src/kube/sets.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { KubeClient } from '../../src/ports.ts';
import { type ApiServer, ASSETS, startRealServer } from '../kube/api-servers.ts';
import { runLoneControllers } from '../kube/lone-controllers.ts';
import { snapshot } from '../kube/snapshot.ts';

const context: AddonContext = { stack: 't', domain: 'localhost', ingressClass: undefined, ingressNodePort: 31080, registryPort: 5001, nodes: 1, fit: false, subnet: undefined };
const own = addons.filter((addon) => addon.artifacts(addon.version).length === 0).map((addon) => (
  [addon.id, addon.install(context, addon.version).sources.flatMap((source) => ('objects' in source ? source.objects : []))] as const
));

function kubectl(kubeconfig: string, args: readonly string[], objects: readonly KubeObject[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(join(ASSETS ?? '', 'kubectl'), ['--kubeconfig', kubeconfig, ...args], (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))));
    child.stdin?.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  });
}

describe.skipIf(ASSETS === undefined)('objects of our own', () => {
  const clock = createClock();
  const sets = createKubeSets(clock);
  const stop = new AbortController();
  const quiet = { onProgress: () => undefined, signal: stop.signal };
  let server: ApiServer;
  let client: KubeClient;

  beforeAll(async () => {
    server = await startRealServer(ASSETS ?? '');
    client = await server.connect();
    runLoneControllers(client, stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await server.close();
  });

  it.each(own)('%s', async (part, objects) => {
    const before = await snapshot(client, clock);
    const set = { stack: 't', part, objects };
    expect((await sets.apply(client, set, quiet)).created.length).toBe(objects.length);
    expect(await sets.compare(client, set, stop.signal)).toBe('unchanged');
    // Strict: a field that the server does not know is an error, not a field less.
    await kubectl(server.kubeconfig, ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--force-conflicts', '-f', '-'], objects);
    await sets.remove(client, { stack: 't', part }, quiet);
    expect(await snapshot(client, clock)).toEqual(before);
  });

  it('what a strict server does not know is told', async () => {
    const [, [namespace, ...rest] = []] = own[0] ?? expect.fail('none');
    const wrong = rest.map((object) => (object.kind === 'Service' ? { ...object, spec: { ...(object['spec'] as object), prots: [] } } : object)) as readonly KubeObject[];
    await sets.apply(client, { stack: 't', part: 'wrong', objects: namespace === undefined ? [] : [namespace] }, quiet);
    await expect(kubectl(server.kubeconfig, ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], wrong)).rejects.toThrow(/prots/);
    await sets.remove(client, { stack: 't', part: 'wrong' }, quiet);
  });
});
