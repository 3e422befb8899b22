// How a Knative service shares its requests among its revisions: what a person says, as `spec.traffic`. Pure.
import { type DevstackError, usageError } from '../model/error.ts';
import type { JsonObject } from '../model/json.ts';
import { arrayAt, at, hasCondition, type KubeObject, stringAt } from '../model/object.ts';

export interface Revision {
  /** `app-00002` */
  readonly name: string;
  /** 2 */
  readonly number: number;
  readonly isReady: boolean;
  readonly percent: number;
  /** Address of this revision alone, when it has one. */
  readonly url: string | undefined;
}

/** `VERSION=PERCENT`, as typed: version is a number (`2`, `v2`), the name of a revision, `latest` or `previous`. */
export interface TrafficWish {
  readonly version: string;
  readonly percent: number;
}

/** Revisions of a service, oldest first, with what its route says of them. */
export function revisionsOf(service: KubeObject, revisions: readonly KubeObject[]): readonly Revision[] {
  const routed = arrayAt(service, 'status', 'traffic');
  return revisions.map((revision): Revision => {
    const { name } = revision.metadata;
    const targets = routed.filter((target) => stringAt(target, 'revisionName') === name);
    return {
      name, number: Number(revision.metadata.labels?.['serving.knative.dev/configurationGeneration'] ?? /(\d+)$/.exec(name)?.[1] ?? 0),
      isReady: hasCondition(revision, 'Ready'),
      percent: targets.reduce<number>((sum, target) => sum + Number(at(target, 'percent') ?? 0), 0),
      url: targets.map((target) => stringAt(target, 'url')).find((url) => url !== undefined),
    };
  }).sort((a, b) => a.number - b.number);
}

/** Those that get no request and have no address of their own; never the newest, which may be about to. */
export function idleRevisions(revisions: readonly Revision[]): readonly Revision[] {
  return revisions.slice(0, -1).filter(({ percent, url }) => percent === 0 && url === undefined);
}

/** Throws `traffic-invalid` with every problem. */
export function planTraffic(wishes: readonly TrafficWish[], revisions: readonly Revision[]): readonly JsonObject[] {
  const problems: string[] = [];
  const chosen = wishes.map(({ version, percent }) => {
    const revision = findRevision(version, revisions);
    if (revision === undefined) problems.push(`there is no version ${version}`);
    else if (percent > 0 && !revision.isReady) problems.push(`${revision.name} is not ready`);
    if (!Number.isInteger(percent) || percent < 0 || percent > 100) problems.push(`${version}: a share is a whole number from 0 to 100`);
    return { revision, percent };
  });
  const names = chosen.flatMap(({ revision }) => revision?.name ?? []);
  if (new Set(names).size < names.length) problems.push('a version is named twice');
  const sum = wishes.reduce((total, { percent }) => total + percent, 0);
  if (sum !== 100) problems.push(`the shares make ${sum} %, and must make 100 %`);
  if (problems.length > 0) throw invalid(problems, revisions);
  // The tag gives each version an address of its own, by which its answers can be told from those of the others.
  return chosen.flatMap(({ revision, percent }) => (revision === undefined ? [] : [{ revisionName: revision.name, percent, tag: `v${revision.number}` }]));
}

/** Everything to whatever is newest, as at the beginning. */
export const LATEST_TRAFFIC: readonly JsonObject[] = [{ latestRevision: true, percent: 100 }];

/** All to the version before the one that has most now. Throws `traffic-invalid` when there is none. */
export function planRollback(revisions: readonly Revision[]): readonly JsonObject[] {
  const most = revisions.toSorted((a, b) => b.percent - a.percent || b.number - a.number)[0];
  const before = revisions.findLast(({ number, isReady }) => isReady && number < (most?.number ?? 0));
  if (before === undefined) throw invalid(['there is no earlier version that is ready'], revisions);
  return planTraffic([{ version: before.name, percent: 100 }], revisions);
}

function findRevision(version: string, revisions: readonly Revision[]): Revision | undefined {
  if (version === 'latest') return revisions.at(-1);
  if (version === 'previous') return revisions.at(-2);
  const number = /^v?0*(\d+)$/.exec(version)?.[1];
  return revisions.find((revision) => revision.name === version || (number !== undefined && revision.number === Number(number)));
}

function invalid(problems: readonly string[], revisions: readonly Revision[]): DevstackError {
  const [newest, ...older] = revisions.toReversed().map(({ number }) => `v${number}`);
  return usageError({
    code: 'traffic-invalid', message: 'this traffic cannot be set', reason: `${problems.join('; ')}; versions are ${revisions.map(({ number }) => `v${number}`).join(', ')}`,
    ...(newest === undefined || older[0] === undefined ? {} : { hints: [{ text: 'for instance', command: `devstack traffic APP ${older[0]}=90 ${newest}=10` }] }),
  });
}
