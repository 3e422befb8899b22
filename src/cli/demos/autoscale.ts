// Autoscale: Knative counts requests that are under way, and makes as many pods as they need.
import { check, type Demo } from './demo.ts';

const APP = 'demo-autoscale';
const USERS = 30;
const LOAD_MS = 30_000;
/** Ten requests at a time for each pod, so thirty users want three; one more or less is the autoscaler's affair. */
const EXPECTED_PODS = 3;

export const autoscale: Demo = {
  id: 'autoscale',
  title: 'Autoscaling by requests under way',
  lesson: 'Thirty users at once, ten for each pod: Knative makes about three pods, and takes them away again.',
  runtimes: ['kubernetes'],
  apps: [APP],
  async run({ useCases, options, deploy, say, show }) {
    const ref = await deploy({ app: APP, sample: 'autoscale', kind: 'knative', annotations: { 'autoscaling.knative.dev/window': '10s' } });
    say(`${USERS} users for ${LOAD_MS / 1_000} s`);
    const result = await useCases.loadApp({
      ref, path: '/?sleep=500', spec: { arrival: { model: 'closed' }, concurrency: USERS, durationMs: LOAD_MS, timeoutMs: 30_000 }, onSecond: show,
    }, options);
    const most = Math.max(0, ...result.seconds.map(({ replicas }) => replicas ?? 0));
    say('the load is over; waiting until pods are taken away');
    const isLess = await useCases.untilReplicas({ ref, timeoutMs: 120_000, isReached: (count) => count < most }, options);
    const ok = Number(result.statuses['200'] ?? 0);
    return {
      checks: [
        check('pods came', most >= EXPECTED_PODS - 1, { expected: `${EXPECTED_PODS - 1} or more`, measured: String(most) }),
        check('every request was answered well', ok === result.sent, { expected: `${result.sent} × 200`, measured: `${ok} × 200` }),
        check('pods went', isLess, { expected: `fewer than ${most}`, measured: isLess ? 'they do' : 'they stay' }),
      ],
      numbers: { users: USERS, mostPods: most, requests: result.sent, rps: Math.round(result.rps * 10) / 10, p50: result.latency.p50, p95: result.latency.p95 },
    };
  },
};
