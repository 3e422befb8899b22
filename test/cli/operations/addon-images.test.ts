import { expect, test } from 'vitest';
import { addonImages } from '../../../src/cli/operations/addon.ts';
import type { Manifests } from '../../../src/ports.ts';
import { fakePorts, only } from '../../fakes/ports.ts';
import { spec } from '../../plan/spec.ts';

const options = { emit: () => undefined, signal: new AbortController().signal };

test('what runs beside the cluster is an image too, by the rules of the stack', async () => {
  const ports = fakePorts({ manifests: only<Manifests>('manifests', { images: async () => ['gcr.io/shared:1'] }) });
  const uses = await addonImages(ports, { ...spec, addons: ['registry', 'metrics-server'], samples: [], images: [{ from: 'docker.io/', to: 'mirror.example/' }] }, options);
  expect(uses).toEqual([
    { image: 'gcr.io/shared:1', parts: ['metrics-server', 'registry'] }, { image: 'mirror.example/library/registry:3.0.0', parts: ['registry'] },
  ]);
});
