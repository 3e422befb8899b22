// The contract of KubeClient against the real kube-apiserver.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { describe } from 'vitest';
import { refOf } from '../../src/model/object.ts';
import type { KubeClient } from '../../src/ports.ts';
import { ECHO_STATUS, echoOf, kubeContract, type ServiceRef } from '../contracts/kube-contract.ts';
import { ASSETS, startRealServer } from './api-servers.ts';

const ECHO: ServiceRef = { namespace: 'default', name: 'echo', port: 80 };

/** An API server calls no loopback address, and only that of a pod: the echo listens elsewhere on this machine, and a pod says that this is its own. */
async function addEcho(client: KubeClient, echo: Server): Promise<ServiceRef | undefined> {
  const ip = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal && !each.address.startsWith('169.254.'))?.address;
  if (ip === undefined) return undefined;
  await new Promise<void>((resolve) => { echo.listen(0, ip, resolve); });
  const { port } = echo.address() as AddressInfo;
  const metadata = { name: ECHO.name, namespace: ECHO.namespace };
  const targetRef = { kind: 'Pod', ...metadata };
  const pod = await client.apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'echo', image: 'echo' }] } });
  await client.patch(refOf(pod), { status: { podIP: ip, podIPs: [{ ip }] } }, { subresource: 'status' });
  await client.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: ECHO.port }] } });
  await client.apply({ apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: [{ addresses: [{ ip, targetRef }], ports: [{ port }] }] });
  return ECHO;
}

describe.skipIf(ASSETS === undefined)('real (KUBEBUILDER_ASSETS)', () => {
  kubeContract('kube-apiserver', async () => {
    const server = await startRealServer(ASSETS ?? '');
    const echo = createServer(async (request, response) => {
      const { method = '', url: path = '', headers } = request;
      response.writeHead(ECHO_STATUS).end(echoOf({ method, path, headers, body: await text(request) }));
    });
    return {
      ...server,
      addEcho: (client) => addEcho(client, echo),
      async close() {
        echo.close();
        await server.close();
      },
    };
  }, { enforcesRights: true });
});
