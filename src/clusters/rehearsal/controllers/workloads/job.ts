// Jobs: pods that end, until enough of them ended well or too many did not.
import type { JsonObject } from '../../../../model/json.ts';
import { stringAt } from '../../../../model/object.ts';
import { isDeleting, refOf } from '../api.ts';
import { isTrue, setCondition } from '../conditions.ts';
import { type Controller, controllerOf } from '../controller.ts';
import { backOff } from '../pace.ts';
import { createPod, isActive, isReady, numberAt, podsOf } from './pods.ts';

const KEY = 'jobs.batch';

const inPhase = (pods: readonly JsonObject[], phase: string): number => pods.filter((pod) => stringAt(pod, 'status', 'phase') === phase).length;

/** Milliseconds until a finished Job is to be removed; undefined when it stays. */
function timeToLive(job: JsonObject, now: number): number | undefined {
  const spec = job['spec'] as JsonObject;
  const finished = stringAt(job, 'status', 'completionTime');
  return typeof spec['ttlSecondsAfterFinished'] !== 'number' || finished === undefined ? undefined : Date.parse(finished) + spec['ttlSecondsAfterFinished'] * 1000 - now;
}

export const jobs: Controller = {
  name: 'job-controller',
  watches: [{ key: KEY }, { key: 'pods', of: controllerOf(KEY, 'Job') }],
  async reconcile(ref, world) {
    const { api, clock } = world;
    const job = api.get(ref);
    if (job === undefined || isDeleting(job)) return undefined;
    if (isTrue(job, 'Complete') || isTrue(job, 'Failed')) {
      const left = timeToLive(job, clock.now());
      if (left !== undefined && left <= 0) await api.delete(ref, { policy: 'Background' });
      return left !== undefined && left > 0 ? left : undefined;
    }
    const pods = podsOf(api, job);
    const [succeeded, failed, active] = [inPhase(pods, 'Succeeded'), inPhase(pods, 'Failed'), pods.filter(isActive).length];
    const completions = numberAt(job, 'spec', 'completions');
    const isLost = failed > numberAt(job, 'spec', 'backoffLimit');
    const isDone = succeeded >= completions;
    const missing = Math.min(numberAt(job, 'spec', 'parallelism') - active, completions - succeeded - active);
    const isWaiting = failed > 0 && active === 0 && !isLost && !isDone;
    if (!isLost && !isDone && (job['spec'] as JsonObject)['suspend'] !== true) for (let left = missing; left > 0; left -= 1) await createPod(world, KEY, job, { generateName: `${ref.name}-` });
    if (isLost || isDone) for (const pod of pods.filter(isActive)) await api.delete(refOf('pods', pod));
    await api.updateStatus(ref, (status) => {
      const now = api.now();
      Object.assign(status, { startTime: status['startTime'] ?? now, active: isDone || isLost ? 0 : active + Math.max(0, missing), succeeded, failed, ready: pods.filter(isReady).length, terminating: 0, uncountedTerminatedPods: {} });
      const extra = { lastProbeTime: now };
      if (isDone) {
        status['completionTime'] = now;
        setCondition(status, now, { type: 'SuccessCriteriaMet', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }, extra);
        setCondition(status, now, { type: 'Complete', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }, extra);
      } else if (isLost) {
        setCondition(status, now, { type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }, extra);
        setCondition(status, now, { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }, extra);
      }
    });
    return isWaiting ? backOff({ scale: 0.01 }, failed) : undefined;
  },
};
