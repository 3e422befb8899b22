// One creation of a cluster at a time.
import { dirname, join } from 'node:path';
import { isDevstackError } from '../../model/error.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { ProviderContext } from '../provider.ts';
import { type Creation, privateFolder } from './create.ts';

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

function lockOf(stack: string, ports: ProviderContext['ports']): string {
  return join(dirname(ports.kubeconfigs.pathOf(stack)), 'kind.lock');
}

/** A creation that was killed as its last act leaves a whole cluster, its lock, and what kind was given, with credentials. */
export async function clearAfterKill({ stack }: ClusterPlan, { ports }: ProviderContext): Promise<void> {
  const [lock, folder] = [lockOf(stack, ports), privateFolder(stack, ports)];
  const left = await Promise.all([lock, folder].map((path) => ports.files.stat(path)));
  if (left.every((found) => found === undefined)) return;
  await ports.files.withLock(lock, () => ports.files.remove(folder), { waitMs: 0 }).catch((cause: unknown) => {
    // Somebody makes it right now: it is theirs.
    if (!isDevstackError(cause) || cause.code !== 'locked') throw cause;
  });
}

async function holdLock({ stack, cluster }: ClusterPlan, { ports, signal, onProgress }: ProviderContext, work: () => Promise<void>): Promise<void> {
  const path = lockOf(stack, ports);
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
