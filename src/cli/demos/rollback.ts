// Rollback: a version that cannot start is taken back by Swarm itself, and nobody notices.
import { isDevstackError } from '../../model/error.ts';
import { check, type Demo, type DemoContext, seconds } from './demo.ts';
import { loadMeanwhile, versionOf } from './load-meanwhile.ts';

const APP = 'demo-rollback';
const TASKS = 3;
/** httpbin ends at once with a port that is none. */
const BROKEN = { ...versionOf('2'), PORT: 'none' };
const BACK_WITHIN_MS = 60_000;

/** What Swarm made of the broken version, in words. */
async function attempt({ useCases, options, stack, clock }: DemoContext): Promise<{ readonly said: string; readonly tookMs: number }> {
  const started = clock.monotonic();
  const said = await useCases.updateService(APP, { env: BROKEN, parallelism: 1, onFailure: 'rollback' }, stack, options).then(() => 'the update went through', (thrown: unknown) => {
    if (!isDevstackError(thrown) || thrown.code !== 'swarm-service-failed') throw thrown;
    return thrown.message;
  });
  return { said, tookMs: clock.monotonic() - started };
}

export const rollback: Demo = {
  id: 'rollback',
  title: 'A bad version is taken back',
  lesson: 'The first task of a version that cannot start ends the update: Swarm goes back, and the old version never stops answering.',
  runtimes: ['swarm'],
  apps: [APP],
  async run(context) {
    const { useCases, options, deploy, say } = context;
    const ref = await deploy({ app: APP, sample: 'httpbin', env: versionOf('1'), replicas: TASKS });
    let update = { said: '', tookMs: Number.POSITIVE_INFINITY };
    const { result, lost, sent } = await loadMeanwhile(context, ref, async () => {
      say('updating to a version that cannot start');
      update = await attempt(context);
    });
    const isWhole = await useCases.untilReplicas({ ref, timeoutMs: BACK_WITHIN_MS, isReached: (count) => count === TASKS }, options);
    return {
      checks: [
        check('the update was rolled back', /was rolled back/.test(update.said), { expected: 'rolled back, with its cause', measured: update.said }),
        check('it was told soon', update.tookMs <= BACK_WITHIN_MS, { expected: `within ${seconds(BACK_WITHIN_MS)}`, measured: seconds(update.tookMs) }),
        check('only the old version answered', Object.keys(result.classes).join() === 'version 1', { expected: 'version 1', measured: Object.entries(result.classes).map(([name, count]) => `${name} × ${count}`).join(', ') }),
        check('all tasks run again', isWhole, { expected: String(TASKS), measured: isWhole ? String(TASKS) : 'fewer' }),
        check('no request was lost', lost === 0, { expected: '0', measured: `${lost} of ${sent}` }),
      ],
      numbers: { requests: sent, lost, rolledBackMs: Math.round(update.tookMs), p99: result.latency.p99 },
    };
  },
};
