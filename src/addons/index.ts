// The table of addons. A new one is a folder beside this file and a line here.
import type { Addon } from './addon.ts';
import { knativeServing } from './knative-serving/index.ts';
import { kourier } from './kourier/index.ts';

export const addons: readonly Addon[] = [knativeServing, kourier];

export function findAddon(id: string): Addon | undefined {
  return addons.find((addon) => addon.id === id);
}
