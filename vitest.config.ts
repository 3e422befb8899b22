import { defineConfig } from 'vitest/config';

// Tiers: `unit` needs nothing but Node; `api` a real kube-apiserver (KUBEBUILDER_ASSETS); `e2e` a Docker engine (DEVSTACK_LAB),
// `long` the same and half an hour more (DEVSTACK_LONG).
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', sequence: { groupOrder: 0 }, include: ['test/**/*.test.ts'], exclude: ['test/**/*.api.test.ts', 'test/**/*.e2e.test.ts', 'test/**/*.long.test.ts'], testTimeout: 10_000, isolate: false, maxWorkers: '100%' } },
      { test: { name: 'api', sequence: { groupOrder: 1 }, include: ['test/**/*.api.test.ts'], testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false } },
      { test: { name: 'bench', sequence: { groupOrder: 3 }, include: ['test/bench/**/*.bench.ts'], testTimeout: 3_600_000, fileParallelism: false } },
      { test: { name: 'faults', sequence: { groupOrder: 5 }, include: ['test/faults/**/*.faults.ts'], testTimeout: 3_600_000, hookTimeout: 60_000, fileParallelism: false, disableConsoleIntercept: true } },
      { test: { name: 'long', sequence: { groupOrder: 4 }, include: ['test/**/*.long.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false } },
      { test: { name: 'e2e', sequence: { groupOrder: 2 }, include: ['test/**/*.e2e.test.ts'], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false } },
    ],
  },
});
