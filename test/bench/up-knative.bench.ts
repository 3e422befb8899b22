// From a running Docker to the first 200, all cached: `devstack up knative` against the by-hand way, in turns, in one run.
// `npm run bench`; DEVSTACK_BENCH_PAIRS says how often. Prints a line for each pair and one of JSON; a figure is never a failure.
import { test } from 'vitest';
import { devstack, type Home, makeHome } from '../e2e/devstack.ts';
import { byHand } from './by-hand.ts';

const STACK = 'test-bench';
const PORT = 18190;

async function byDevstack(home: Home): Promise<number> {
  try {
    const started = performance.now();
    const up = await devstack(home, 'up', 'knative', '--name', STACK, '--port', String(PORT), '--json');
    const seconds = (performance.now() - started) / 1000;
    if (up.exitCode !== 0) throw new Error(up.stdout + up.stderr);
    return seconds;
  } finally {
    await devstack(home, 'down', STACK, '--yes');
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? 0 : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

const round = (value: number) => Math.round(value * 100) / 100;

const PAIRS = Number(process.env['DEVSTACK_BENCH_PAIRS'] ?? 1);

test.skipIf(process.env['DEVSTACK_LAB'] === undefined)('up knative against by hand', async () => {
  const nodeImage = process.env['DEVSTACK_NODE_IMAGE'] ?? 'kindest/node:v1.36.4';
  const mirror = process.env['DEVSTACK_MIRROR'];
  const releases = mirror === undefined ? 'https://github.com' : `${mirror}/github.com`;
  const rows: { readonly hand: number; readonly devstack: number; readonly ratio: number }[] = [];
  const home = await makeHome();
  // Reads, and so caches, the manifests that kubectl gets from the mirror beside it.
  await devstack(home, 'addon', 'images', 'knative', '--json');
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const hand = await byHand({ cluster: 'devstack-test-bench-hand', port: PORT, nodeImage, releases });
    const own = await byDevstack(home);
    rows.push({ hand: round(hand), devstack: round(own), ratio: round(hand / own) });
    process.stderr.write(`by hand ${round(hand)} s, devstack ${round(own)} s: ${round(hand / own)} times as fast\n`);
  }
  await home.remove();
  process.stdout.write(`${JSON.stringify({ bench: 'up-knative', pairs: rows, medianRatio: round(median(rows.map((row) => row.ratio))) })}\n`);
});
