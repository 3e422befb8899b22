// Scale to zero: nobody asks, so nothing runs; the next request brings it back.
import { check, type Demo, seconds } from './demo.ts';

const APP = 'demo-zero';
/** Knative's shortest window, and no grace after it: what takes a minute and a half by default takes some seconds. */
const SCALING = { 'autoscaling.knative.dev/window': '6s', 'autoscaling.knative.dev/scale-to-zero-pod-retention-period': '0s' };
const GONE_WITHIN_MS = 120_000;
const BACK_WITHIN_MS = 30_000;

export const scaleToZero: Demo = {
  id: 'scale-to-zero',
  title: 'Scale to zero and back',
  lesson: 'A service that nobody asks runs no pod; the first request waits for one.',
  runtimes: ['kubernetes'],
  apps: [APP],
  async run({ useCases, options, clock, deploy, say }) {
    const ref = await deploy({ app: APP, sample: 'hello', kind: 'knative', annotations: SCALING });
    const warm = await useCases.appEndpoint(ref, options);
    say('nobody asks now; waiting until the last pod is gone');
    const quiet = clock.monotonic();
    const isGone = await useCases.untilReplicas({ ref, timeoutMs: GONE_WITHIN_MS, isReached: (count) => count === 0 }, options);
    const goneMs = clock.monotonic() - quiet;
    say('asking again: the request waits for a pod');
    const cold = await useCases.appEndpoint(ref, options);
    const again = await useCases.appEndpoint(ref, options);
    const [coldMs, warmMs] = [cold.durationMs ?? Number.POSITIVE_INFINITY, again.durationMs ?? warm.durationMs ?? 0];
    return {
      checks: [
        check('no pod is left', isGone, { expected: `within ${seconds(GONE_WITHIN_MS)}`, measured: isGone ? `after ${seconds(goneMs)}` : 'there still is one' }),
        check('the first request is answered', cold.verified, { expected: '200', measured: cold.verified ? `${cold.status} after ${seconds(coldMs)}` : (cold.reason ?? 'no answer') }),
        check('it did not take long', coldMs <= BACK_WITHIN_MS, { expected: `within ${seconds(BACK_WITHIN_MS)}`, measured: seconds(coldMs) }),
        check('it waited for the pod', coldMs > warmMs, { expected: `longer than the ${Math.round(warmMs)} ms of a warm one`, measured: `${Math.round(coldMs)} ms` }),
      ],
      numbers: { goneMs: Math.round(goneMs), coldMs: Math.round(coldMs), warmMs: Math.round(warmMs) },
    };
  },
};
