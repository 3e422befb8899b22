// The words that a stack can be made of: ids of presets, providers, addons, samples.
import { addons } from '../addons/index.ts';
import { providerIds as clusterProviderIds } from '../clusters/index.ts';
import { samples } from '../samples/index.ts';
import { presets } from './preset.ts';

export const presetIds = (): readonly string[] => presets.map((preset) => preset.id);
export const providerIds = (): readonly string[] => clusterProviderIds;
export const sampleIds = (): readonly string[] => samples.map((sample) => sample.id);
export const ingressIds = (): readonly string[] => addons.flatMap((addon) => (addon.ingress === undefined ? [] : [addon.ingress.id]));
/** Addons to choose by `--with`: an ingress is chosen by `--ingress`. */
export const addonIds = (): readonly string[] => addons.filter((addon) => addon.ingress === undefined).map((addon) => addon.id);
/** The same with the shorter names that people use. */
export const addonNames = (): readonly string[] => addons.filter((addon) => addon.ingress === undefined).flatMap((addon) => [addon.id, ...addon.aliases ?? []]);
/** What a version can be named for: an addon, or the component of several. */
export const componentIds = (): readonly string[] => [...new Set(addons.flatMap((addon) => [addon.component, addon.id]))];
