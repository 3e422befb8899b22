// The addon of docs/adding-an-addon.md: whole, in twenty lines.
import { type Addon, deployment } from '../../../src/addons/addon.ts';

export const toy: Addon = {
  id: 'toy',
  title: 'Toy',
  summary: 'an echo server, to show what an addon is',
  component: 'toy',
  version: '1.0.0',
  needs: [],
  wants: [],
  provides: [],
  conflicts: [],
  footprint: { cpuMilli: 10, memoryMi: 16 },
  fitFootprint: { cpuMilli: 10, memoryMi: 16 },
  artifacts: (version) => [{ name: `toy-${version}`, url: `https://example.com/toy/v${version}/toy.yaml` }],
  install(_context, version) {
    return { sources: toy.artifacts(version).map((artifact) => ({ artifact })), patches: [], waitFor: [deployment('toy', 'echo')] };
  },
};
