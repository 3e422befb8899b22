// One creation of a cluster at a time.
import { dirname, join } from 'node:path';
import { isDevstackError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { ProviderContext } from '../provider.ts';
import type { Creation } from './create.ts';

/** Longer than any creation; the time of the step ends the wait before. */
const QUEUE_MS = 3_600_000;

/**
 * Another run that makes this cluster right now looks like one that was cut off, and what it has made must not be removed. So a
 * lock is held until all that was begun has ended; who comes second waits, and finds a cluster that runs.
 */
export async function alone(plan: ClusterPlan, context: ProviderContext, work: () => Promise<Creation>): Promise<Creation> {
  return await new Promise((resolve, reject) => {
    const released = holdLock(plan, context, async () => {
      const creation = await work();
      resolve(heldBy(creation, () => released));
      await Promise.allSettled([creation.access, creation.finished]);
    });
    released.catch(reject);
  });
}

async function holdLock({ stack, cluster }: ClusterPlan, { ports, signal, onProgress }: ProviderContext, work: () => Promise<void>): Promise<void> {
  const path = join(dirname(ports.kubeconfigs.pathOf(stack)), 'kind.lock');
  try {
    await ports.files.withLock(path, work, { signal, waitMs: 0 });
  } catch (cause) {
    if (!isDevstackError(cause) || cause.code !== 'locked') throw cause;
    onProgress(`another run is making ${cluster}: waiting for it`);
    await ports.files.withLock(path, work, { signal, waitMs: QUEUE_MS });
  }
}

/** Whoever is told of the end finds the lock gone. */
function heldBy({ access, finished }: Creation, released: () => Promise<void>): Creation {
  const creation = {
    access: access.catch(async (cause: unknown) => {
      await released();
      throw cause;
    }),
    finished: finished.finally(released),
  };
  // Who asks for one of them need not ask for the other.
  for (const promise of [creation.access, creation.finished]) promise.catch(() => undefined);
  return creation;
}
