// HPA: Kubernetes' own autoscaler counts CPU, for a plain Deployment.
import { preconditionError } from '../../model/error.ts';
import { check, type Demo, type DemoContext } from './demo.ts';

const APP = 'demo-hpa';
const LOAD_MS = 120_000;
const METRICS = 'metrics-server';

/** Without metrics it would wait two minutes for nothing. */
async function requireMetrics({ useCases, stack, options }: DemoContext): Promise<void> {
  const { addons } = await useCases.addons(stack, options);
  if (addons.some(({ id, state }) => id === METRICS && state === 'installed')) return;
  throw preconditionError({
    code: 'addon-missing', message: `an autoscaler that counts CPU needs metrics, and stack ${stack} does not have ${METRICS}`, hints: [{ text: 'add it', command: `devstack addon add ${METRICS} --name ${stack}` }],
  });
}

export const hpa: Demo = {
  id: 'hpa',
  title: 'Autoscaling by CPU',
  lesson: 'A Deployment under load: its HorizontalPodAutoscaler sees the CPU after a while, and adds pods.',
  runtimes: ['kubernetes'],
  apps: [APP],
  async run(context) {
    const { useCases, options, clock, deploy, say, show } = context;
    await requireMetrics(context);
    const ref = await deploy({ app: APP, sample: 'autoscale', kind: 'deployment' });
    say('burning CPU; metrics come every 15 s, so the first pod takes half a minute or more');
    const started = clock.monotonic();
    const stop = new AbortController();
    let firstMs: number | undefined;
    const result = await useCases.loadApp({
      ref, path: '/?prime=200000', spec: { arrival: { model: 'open', rps: 20 }, concurrency: 20, durationMs: LOAD_MS, timeoutMs: 30_000 },
      onSecond(second) {
        show(second);
        if ((second.replicas ?? 0) < 2 || firstMs !== undefined) return;
        firstMs = clock.monotonic() - started;
        stop.abort();
      },
    }, { ...options, signal: AbortSignal.any([options.signal, stop.signal]) });
    const most = Math.max(0, ...result.seconds.map(({ replicas }) => replicas ?? 0));
    return {
      checks: [
        check('pods came', most >= 2, { expected: '2 or more', measured: firstMs === undefined ? String(most) : `${most}, the second after ${Math.round(firstMs / 1_000)} s` }),
        check('requests were answered meanwhile', Number(result.statuses['200'] ?? 0) > 0, { expected: 'some', measured: `${result.statuses['200'] ?? 0} × 200` }),
      ],
      numbers: { mostPods: most, secondPodMs: firstMs === undefined ? null : Math.round(firstMs), requests: result.sent, p95: result.latency.p95 },
    };
  },
};
