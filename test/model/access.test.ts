import { expect, it } from 'vitest';
import { remoteHost } from '../../src/model/access.ts';

it.each([
  ['unix:///var/run/docker.sock', undefined], ['npipe:////./pipe/docker_engine', undefined], ['container:devstack-dev-manager-1', undefined],
  ['tcp://127.0.0.1:2375', undefined], ['tcp://localhost:2375', undefined], ['tcp://[::1]:2375', undefined],
  ['tcp://10.1.2.3:2376', '10.1.2.3'], ['ssh://me@lab.example', 'lab.example'], ['https://lab.example:2376', 'lab.example'], ['tcp://[fd00::1]:2375', '[fd00::1]'], ['tcp://127.0.0.1.evil.example:2375', '127.0.0.1.evil.example'],
])('%s', (endpoint, host) => expect(remoteHost(endpoint)).toBe(host));
