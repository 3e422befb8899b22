// The contract of the project's Kubernetes client, against the rehearsal's API server.
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { kubeContract } from '../contracts/kube-contract.ts';
import { openServer } from '../kube/api-servers.ts';

kubeContract('the rehearsal', async () => {
  const server = await startApiServer({ clock: createClock() });
  const kubeconfig = JSON.parse(server.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject;
  return openServer(kubeconfig, () => server.close());
}, { enforcesRights: false });
