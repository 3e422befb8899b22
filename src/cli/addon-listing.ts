// An addon as `addon list` tells it, of a stack or of none.
import type { Addon } from '../addons/addon.ts';
import { addons as table } from '../addons/index.ts';
import type { Inventory } from '../ports.ts';
import type { AddonInfo, AddonListing } from './use-cases.ts';

/** @param inventories of the stack that was looked at; undefined when none was. */
export function addonInfo(addon: Addon, inventories: readonly Inventory[] | undefined): AddonInfo {
  const inventory = inventories?.find(({ part }) => part === addon.id);
  return {
    id: addon.id, aliases: addon.aliases ?? [], title: addon.title, summary: addon.summary, version: addon.version, component: addon.component,
    needs: addon.needs, wants: addon.wants, conflicts: addon.conflicts, ingress: addon.ingress?.id, minKubernetes: addon.minKubernetes,
    footprint: addon.footprint, fitFootprint: addon.fitFootprint, perNode: addon.perNode?.footprint,
    state: inventory === undefined ? 'available' : inventory.complete ? 'installed' : 'incomplete',
  };
}

export function knownAddons(): AddonListing {
  return { stack: undefined, addons: table.map((addon) => addonInfo(addon, undefined)) };
}
