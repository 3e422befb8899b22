import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { createNetwork } from '../../src/host/network.ts';

const network = createNetwork();

test('a port that somebody listens on cannot be bound; the free one can, again and again', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await network.canBind(port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
  expect(await network.canBind(port)).toBe(true);
  const free = await network.freePort();
  expect(await network.canBind(free)).toBe(true);
  expect(await network.canBind(free)).toBe(true);
});

test('a port that somebody has on all addresses', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  expect(await network.canBind((server.address() as AddressInfo).port)).toBe(false);
  await new Promise((resolve) => server.close(resolve));
});

test('a port that is none cannot be bound', async () => {
  for (const port of [-1, 65536, 1.5, Number.NaN]) expect(await network.canBind(port), String(port)).toBe(false);
});

test('names resolve as the system says; nonsense and a missing answer are empty', async () => {
  expect(await network.resolve('localhost', 5000)).toContain('127.0.0.1');
  expect(await network.resolve('name with spaces', 5000)).toEqual([]);
  expect(await network.resolve('localhost', 0)).toEqual(expect.any(Array));
});
