// The contract of KubeSets against the real kube-apiserver.
import { describe } from 'vitest';
import { kubeSetsContract } from '../contracts/kube-sets-contract.ts';
import { ASSETS, startRealServer } from './api-servers.ts';

describe.skipIf(ASSETS === undefined)('real (KUBEBUILDER_ASSETS)', () => {
  kubeSetsContract('kube-apiserver', () => startRealServer(ASSETS ?? ''), { callsWebhooks: true });
});
