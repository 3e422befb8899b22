// The contract of the project's Kubernetes client, against the rehearsal's API server.
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { ECHO_STATUS, echoOf, kubeContract } from '../contracts/kube-contract.ts';
import { openServer } from '../kube/api-servers.ts';

const ECHO = { namespace: 'default', name: 'echo', port: 80 };

kubeContract('the rehearsal', async () => {
  const server = await startApiServer({ clock: createClock(), proxy: async (call) => (call.name === ECHO.name ? { status: ECHO_STATUS, body: echoOf(call) } : undefined) });
  const kubeconfig = JSON.parse(server.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject;
  return { ...await openServer(kubeconfig, () => server.close()), addEcho: async () => ECHO };
}, { enforcesRights: false });
