import { expect, it } from 'vitest';
import type { SwarmNode } from '../../src/model/swarm.ts';
import { encrypted, encryptsRightly, requireEncryption } from '../../src/swarm/encryption.ts';

it.each([
  ['20.10.23', false], ['20.10.24', true], ['20.10.24+dfsg1', true], ['19.03.15', false], ['23.0.2', false], ['23.0.3', true], ['23.0.10', true], ['24.0.0', true], ['26.1.5+dfsg1', true], ['29.4', true], ['dev', false], ['', false],
])('an engine of version %s: %s', (version, expected) => expect(encryptsRightly(version)).toBe(expected));

const node = (Hostname: string, EngineVersion: string) => ({ ID: Hostname, Spec: {}, Description: { Hostname, Engine: { EngineVersion } } }) as unknown as SwarmNode;

it('one node that is too old is enough to refuse, and is named', () => {
  expect(() => requireEncryption([node('manager-1', '26.1.5'), node('worker-1', '28.0.0')])).not.toThrow();
  expect(() => requireEncryption([node('manager-1', '26.1.5'), node('worker-1', '23.0.1')])).toThrow(expect.objectContaining({
    code: 'swarm-encryption-broken', message: expect.stringContaining('worker-1 (engine 23.0.1)'), reason: expect.stringContaining('CVE-2023-28840'),
  }));
});

it('overlay networks are encrypted, others are not, and options stay', () => {
  const network = { Name: 'n', Driver: 'overlay', Attachable: true, Labels: {}, Options: { mtu: '1400' } };
  expect(encrypted(network).Options).toEqual({ mtu: '1400', encrypted: '' });
  expect(encrypted({ ...network, Driver: 'macvlan' }).Options).toEqual({ mtu: '1400' });
});
