import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressRange } from '../../src/addons/metallb/address-range.ts';

const number = (address: string) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);

describe('addressRange', () => {
  test.each([
    ['172.18.0.0/16', '172.18.255.200-172.18.255.250'],
    ['10.1.2.0/24', '10.1.2.200-10.1.2.250'],
    ['192.168.0.0/20', '192.168.15.200-192.168.15.250'],
    // Written with host bits, as some engines do.
    ['172.20.0.1/16', '172.20.255.200-172.20.255.250'],
  ])('%s', (subnet, range) => {
    expect(addressRange(subnet)).toBe(range);
  });

  test.each(['10.0.0.0/25', '10.0.0.0/0', 'fc00::/64', '300.1.1.0/16', '10.0.0.0', '10.0.0/16', ''])('%j has none', (subnet) => {
    expect(addressRange(subnet)).toBeUndefined();
  });

  test('lies within the subnet, without its first and last address', () => {
    fc.assert(fc.property(fc.ipV4(), fc.integer({ min: 1, max: 24 }), (address, prefix) => {
      const [first, last] = (addressRange(`${address}/${prefix}`) ?? '').split('-').map(number);
      const size = 2 ** (32 - prefix);
      const start = Math.floor(number(address) / size) * size;
      expect(first).toBeGreaterThan(start);
      expect(last).toBeLessThan(start + size - 1);
      expect((last ?? 0) - (first ?? 0)).toBe(50);
    }));
  });
});
