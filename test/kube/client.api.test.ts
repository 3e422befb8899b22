// The contract of KubeClient against the real kube-apiserver.

import { describe } from 'vitest';
import { kubeContract } from '../contracts/kube-contract.ts';
import { ASSETS, startRealServer } from './api-servers.ts';

describe.skipIf(ASSETS === undefined)('real (KUBEBUILDER_ASSETS)', () => {
  kubeContract('kube-apiserver', () => startRealServer(ASSETS ?? ''), { enforcesRights: true });
});
