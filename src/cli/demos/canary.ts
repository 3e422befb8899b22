// Canary: a new version gets a tenth of the requests first, and none after a rollback.
import { plausibleCounts } from '../../load/chance.ts';
import { planRollback, planTraffic } from '../../plan/plan-traffic.ts';
import type { MeasuredShare } from '../app-use-cases.ts';
import { check, type Demo } from './demo.ts';

const APP = 'demo-canary';
const NEW_SHARE = 10;
const MEASURE_MS = 6_000;
/** httpbin shows such variables at this path: what tells the versions apart. */
const PATH = '/env';
const versionOf = (version: string) => ({ HTTPBIN_ENV_VERSION: version });

function shareOf(measured: readonly MeasuredShare[] | undefined, number: number): { readonly count: number; readonly total: number } {
  const found = measured?.find((share) => share.number === number);
  return { count: found?.count ?? 0, total: found?.total ?? measured?.[0]?.total ?? 0 };
}

export const canary: Demo = {
  id: 'canary',
  title: 'Canary and rollback',
  lesson: 'Two versions share the requests as it was asked for, and a rollback takes them back at once.',
  runtimes: ['kubernetes'],
  apps: [APP],
  async run({ useCases, options, deploy, say }) {
    const first = await deploy({ app: APP, sample: 'httpbin', kind: 'knative', env: versionOf('1') });
    const old = await useCases.readTraffic(first, options);
    // Pinned first: the new version then comes up beside the old one without getting a request.
    await useCases.setTraffic({ ref: first, traffic: planTraffic([{ version: 'latest', percent: 100 }], old.revisions) }, options);
    const ref = await deploy({ app: APP, sample: 'httpbin', kind: 'knative', env: versionOf('2') });
    const { revisions } = await useCases.readTraffic(ref, options);
    const [before, after] = [revisions.at(-2)?.number ?? 0, revisions.at(-1)?.number ?? 0];
    say(`sharing: ${100 - NEW_SHARE} % to version ${before}, ${NEW_SHARE} % to version ${after}`);
    const shared = await useCases.setTraffic({ ref, traffic: planTraffic([{ version: 'previous', percent: 100 - NEW_SHARE }, { version: 'latest', percent: NEW_SHARE }], revisions) }, options);
    const split = shareOf(await useCases.measureTraffic({ ref, path: PATH, durationMs: MEASURE_MS }, options), after);
    say('rolling back');
    await useCases.setTraffic({ ref, traffic: planRollback(shared.revisions.map((revision) => (revision.number === after ? { ...revision, percent: 100 } : { ...revision, percent: 0 }))) }, options);
    const back = shareOf(await useCases.measureTraffic({ ref, path: PATH, durationMs: MEASURE_MS / 2 }, options), before);
    const { low, high } = plausibleCounts(NEW_SHARE / 100, split.total);
    return {
      checks: [
        check('enough requests to tell', split.total >= 100, { expected: 'at least 100', measured: String(split.total) }),
        check('the new version got its share', split.count >= low && split.count <= high && split.total > 0, { expected: `${low} to ${high} of ${split.total}, which chance allows`, measured: String(split.count) }),
        check('after the rollback all go to the old one', back.count === back.total && back.total > 0, { expected: `${back.total} of ${back.total}`, measured: String(back.count) }),
      ],
      numbers: { requests: split.total, toNew: split.count, share: split.total === 0 ? 0 : split.count / split.total, afterRollback: back.total, toOldAfterRollback: back.count },
    };
  },
};
