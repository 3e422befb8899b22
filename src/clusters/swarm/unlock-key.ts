// The key of a locked swarm, readable by this user alone. Without it a restarted manager is lost.
import { join } from 'node:path';
import type { Ports } from '../../ports.ts';

type World = Pick<Ports, 'files' | 'folders'>;

function pathOf({ folders }: World, stack: string): string {
  return join(folders.state, stack, 'swarm-unlock-key');
}

export async function keepKey(world: World, stack: string, key: string): Promise<void> {
  await world.files.write(pathOf(world, stack), key, { mode: 0o600 });
}

export async function readKey(world: World, stack: string): Promise<string | undefined> {
  const text = (await world.files.readText(pathOf(world, stack)))?.trim();
  return text === '' ? undefined : text;
}

export async function forgetKey(world: World, stack: string): Promise<void> {
  await world.files.remove(pathOf(world, stack));
}
