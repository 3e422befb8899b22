// The contract of the Docker port against the engine of this machine.
import { describe } from 'vitest';
import { connectDocker } from '../../src/host/docker.ts';
import { createNetwork } from '../../src/host/network.ts';
import { createProcesses } from '../../src/host/process.ts';
import { dockerContract } from '../contracts/docker-contract.ts';

describe.skipIf(process.env['DEVSTACK_LAB'] === undefined)('a real engine (needs DEVSTACK_LAB)', () => {
  dockerContract(async () => ({
    docker: await connectDocker({ env: process.env, os: 'linux', home: '/nonexistent', processes: createProcesses(process.env) }),
    image: 'busybox:1.37',
    freePort: await createNetwork().freePort(),
    freeSubnet: '172.29.231.0/24',
  }));
});
