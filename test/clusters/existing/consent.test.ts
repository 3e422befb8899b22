import { describe, expect, test } from 'vitest';
import { hasConsent, isCloudNode, isLocal, requireConsent } from '../../../src/clusters/existing/consent.ts';
import type { ContextEntry } from '../../../src/clusters/existing/kubeconfig.ts';
import type { Network } from '../../../src/ports.ts';
import { only } from '../../fakes/ports.ts';

const NAMES: { readonly [name: string]: readonly string[] } = { 'kubernetes.docker.internal': ['127.0.0.1'], 'api.example.com': ['203.0.113.7'], both: ['127.0.0.1', '203.0.113.7'] };
const ports = { network: only<Network>('network', { resolve: async (name) => NAMES[name] ?? [] }) };
const entry = (server: string, plugin?: string): ContextEntry => ({ name: 'prod', path: '/config', server, cluster: {}, user: {}, plugin });

describe('a cluster of this machine', () => {
  test.each([
    ['https://127.0.0.1:6443', true], ['https://127.8.0.1:6443', true], ['https://[::1]:6443', true], ['https://localhost:6443', true],
    ['https://kubernetes.docker.internal:6443', true], ['https://192.168.49.2:8443', false], ['https://10.0.0.1', false], ['https://api.example.com', false],
    ['https://both:6443', false], ['https://unknown:6443', false], ['https://127.0.0.1.example.com', false], ['https://0.0.0.0:6443', false],
  ])('%s: %s', async (server, expected) => {
    expect(await isLocal(entry(server), ports)).toBe(expected);
  });
});

describe('consent', () => {
  test('another machine is refused, with the one command that allows it', async () => {
    await expect(requireConsent(entry('https://api.example.com'), undefined, ports)).rejects.toMatchObject({
      code: 'context-remote', exit: 2, hints: [{ command: 'devstack up --context prod --allow-remote prod' }],
    });
    await expect(requireConsent(entry('https://api.example.com'), 'other', ports)).rejects.toMatchObject({ reason: expect.stringContaining('other') });
    await expect(requireConsent(entry('https://api.example.com'), 'prod', ports)).resolves.toBeUndefined();
  });

  test('a program that signs in needs it also on loopback', async () => {
    expect(await hasConsent(entry('https://127.0.0.1:6443', 'aws'), undefined, ports)).toBe(false);
    await expect(requireConsent(entry('https://127.0.0.1:6443', 'aws'), undefined, ports)).rejects.toMatchObject({ code: 'context-plugin', exit: 2 });
    expect(await hasConsent(entry('https://127.0.0.1:6443', 'aws'), 'prod', ports)).toBe(true);
  });

  test('nodes tell of a tunnel', () => {
    expect([isCloudNode('aws:///eu/i-1'), isCloudNode('gce://p/z/n'), isCloudNode('kind://docker/x/y'), isCloudNode('k3s://n'), isCloudNode(undefined)]).toEqual([true, true, false, false, false]);
  });
});
