import { expect, test } from 'vitest';
import { createOldVersions } from '../../src/cli/old-versions.ts';
import { failedError, preconditionError } from '../../src/model/error.ts';

const ref = { app: 'web', kind: 'knative', stack: 'dev', namespace: 'default' } as const;
const options = { emit: () => undefined, signal: new AbortController().signal };
const revision = (number: number) => ({ name: `web-0000${number}`, number, isReady: true, percent: 0, url: undefined });

function world(there: readonly number[] | undefined, failure?: Error) {
  const [kept, told] = [[] as (readonly string[])[], [] as string[]];
  const oldVersions = createOldVersions({
    async readTraffic() {
      if (there === undefined) throw preconditionError({ code: 'app-incomplete', message: 'not there' });
      return { revisions: there.map(revision), isPinned: false };
    },
    async retireRevisions(_ref, keep) {
      kept.push([...keep]);
      if (failure !== undefined) throw failure;
      return [];
    },
  }, options, (text) => told.push(text));
  return { oldVersions, kept, told };
}

test('what was there before the first deploy stays, also after many reloads', async () => {
  const there = [1, 2];
  const { oldVersions, kept } = world(there);
  await oldVersions.remember(ref);
  there.push(3);
  await oldVersions.remember(ref);
  oldVersions.retire(ref);
  oldVersions.retire(ref);
  await oldVersions.settled();
  expect(kept).toEqual([['web-00001', 'web-00002'], ['web-00001', 'web-00002']]);
});

test('an app that was not there keeps nothing; one that is no Knative service has nothing to keep', async () => {
  const { oldVersions, kept } = world(undefined);
  await oldVersions.remember(ref);
  oldVersions.retire(ref);
  oldVersions.retire({ ...ref, kind: 'deployment' });
  await oldVersions.settled();
  expect(kept).toEqual([[]]);
});

test('it is finished though dev was ended meanwhile', async () => {
  const stop = new AbortController();
  const seen: boolean[] = [];
  const oldVersions = createOldVersions({
    readTraffic: async () => ({ revisions: [], isPinned: false }),
    retireRevisions: async (_ref, _keep, { signal }) => { seen.push(signal.aborted); return []; },
  }, { emit: () => undefined, signal: stop.signal }, () => undefined);
  oldVersions.retire(ref);
  stop.abort();
  await oldVersions.settled();
  expect(seen).toEqual([false]);
});

test('what cannot be taken away is told, and the loop goes on', async () => {
  const { oldVersions, told } = world([], failedError({ code: 'kube-forbidden', message: 'you may not' }));
  oldVersions.retire(ref);
  await oldVersions.settled();
  expect(told).toEqual(['old versions of web run on for a while: you may not']);
  const broken = world([], new TypeError('a bug'));
  broken.oldVersions.retire(ref);
  await expect(broken.oldVersions.settled()).rejects.toThrow('a bug');
});
