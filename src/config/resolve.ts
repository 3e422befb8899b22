// Layers of settings → StackSpec, with the origin of every value. Pure.

import { CONTEXT_PROVIDER } from '../clusters/index.ts';
import type { Json } from '../model/json.ts';
import { clusterName } from '../model/label.ts';
import type { StackSpec } from '../model/stack.ts';
import { checkSettings } from './check.ts';
import { defaults } from './defaults.ts';
import { formatExactDuration } from './duration.ts';
import { findPreset } from './preset.ts';
import { type Problem, problemsError } from './problem.ts';
import { type Layer, SETTING_NAMES, type SettingName } from './setting.ts';

/** How downloads travel. Not part of the stack: the same stack comes through any network. */
export interface NetworkSettings {
  readonly mirrors: readonly string[];
  readonly proxy: string | undefined;
  readonly caFile: string | undefined;
  /** The engine elsewhere that may be used. */
  readonly allowRemote?: string;
}

export interface EffectiveSetting {
  readonly setting: SettingName;
  /** Undefined: nobody gave one, and there is no default. */
  readonly value: Json | undefined;
  readonly origin: string;
}

export interface Resolved {
  readonly spec: StackSpec;
  readonly network: NetworkSettings;
  readonly effective: readonly EffectiveSetting[];
}

/** The first layer that says something wins, setting by setting. */
function merge(layers: readonly Layer[]): Layer {
  return Object.assign({}, ...[...layers].reverse()) as Layer;
}

/** What the preset gives, below what anybody said and above the defaults. */
function presetLayer(id: string): Layer {
  const preset = findPreset(id);
  if (preset === undefined) return {};
  const origin = `preset ${preset.id}`;
  return {
    addons: { value: [], origin }, samples: { value: preset.samples, origin },
    ...(preset.provider === undefined ? {} : { provider: { value: preset.provider, origin } }),
  };
}

/** Who names a context means its cluster. */
function contextLayer({ context }: Layer): Layer {
  return context === undefined ? {} : { provider: { value: CONTEXT_PROVIDER, origin: context.origin } };
}

/** What only some providers take, each in their own words. */
function wishesOf({ context, allowRemote, autolock, encrypt, existing }: Layer): Pick<StackSpec, 'settings'> {
  const texts = { context: context?.value, 'allow-remote': allowRemote?.value };
  const switches = { autolock: autolock?.value, encrypt: encrypt?.value, existing: existing?.value };
  const settings = {
    ...Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...Object.fromEntries(Object.entries(switches).flatMap(([name, isOn]) => (isOn === true ? [[name, 'true'] as const] : []))),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

/** `layers` in order of precedence. Throws every problem at once, those found while the layers were read (`before`) among them. */
export function resolve(layers: readonly Layer[], before: readonly Problem[] = []): Resolved {
  const presetId = merge([...layers, defaults]).preset?.value ?? defaults.preset.value;
  const merged = merge(layers);
  const settings = { ...defaults, ...presetLayer(presetId), ...contextLayer(merged), ...merged };
  const problems = [...before, ...checkSettings(settings)];
  if (problems.length > 0) throw problemsError(problems, [{ text: 'see what there is', command: 'devstack help up' }]);
  const preset = findPreset(presetId);
  const addons = [...new Set([...(preset?.addons ?? []), ...(settings.addons?.value ?? [])])];
  const spec: StackSpec = {
    name: settings.name.value, provider: settings.provider.value, cluster: settings.context?.value ?? clusterName(settings.name.value), preset: presetId,
    nodes: settings.nodes.value, managers: settings.managers.value, kubernetes: settings.kubernetes?.value, nodeImage: settings.nodeImage?.value,
    port: settings.port.value, portIsFixed: settings.port.origin !== defaults.port.origin,
    addons, ingress: settings.ingress.value, domain: settings.domain.value, samples: settings.samples?.value ?? [],
    images: settings.images.value, fit: settings.fit.value, versions: settings.versions.value, timeoutMs: settings.timeout.value,
    ...wishesOf(settings),
  };
  const network = { mirrors: settings.mirrors.value, proxy: settings.proxy?.value, caFile: settings.caFile?.value, ...(settings.allowRemote === undefined ? {} : { allowRemote: settings.allowRemote.value }) };
  return { spec, network, effective: effectiveOf(settings, preset?.addons ?? []) };
}

function effectiveOf(settings: Layer, presetAddons: readonly string[]): readonly EffectiveSetting[] {
  return SETTING_NAMES.map((setting) => {
    const given = settings[setting];
    if (setting === 'addons') return { setting, value: [...new Set([...presetAddons, ...(settings.addons?.value ?? [])])], origin: addonOrigin(settings, presetAddons) };
    const value = setting === 'timeout' ? formatExactDuration(settings.timeout?.value ?? 0) : given?.value as Json | undefined;
    return { setting, value, origin: given?.origin ?? 'not set' };
  });
}

function addonOrigin(settings: Layer, presetAddons: readonly string[]): string {
  const preset = `preset ${settings.preset?.value ?? ''}`;
  const own = settings.addons?.origin;
  return own === undefined || own === preset ? preset : presetAddons.length === 0 ? own : `${preset}, ${own}`;
}
