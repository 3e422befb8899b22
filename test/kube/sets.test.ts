// The contract of KubeSets against the rehearsal's API server, in this process.
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { kubeSetsContract } from '../contracts/kube-sets-contract.ts';
import { openServer } from './api-servers.ts';

kubeSetsContract('the rehearsal', async () => {
  const server = await startApiServer({ clock: createClock() });
  const kubeconfig = JSON.parse(server.kubeconfig().replaceAll('"devstack-rehearsal"', '"test"')) as JsonObject;
  return openServer(kubeconfig, () => server.close());
}, { callsWebhooks: false });
