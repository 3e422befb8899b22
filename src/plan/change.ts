// Changes to a wish, as data: what a person could ask for instead. Pure.
import { findAddon } from '../addons/index.ts';
import type { Json } from '../model/json.ts';
import type { StackSpec } from '../model/stack.ts';

export type Change =
  | { readonly kind: 'fit' }
  | { readonly kind: 'nodes'; readonly nodes: number }
  | { readonly kind: 'kubernetes'; readonly version: string }
  | { readonly kind: 'ingress'; readonly ingress: string }
  | { readonly kind: 'drop'; readonly addon: string };

/** The preset that brings nothing: what is left out of another preset is said by naming all the rest. */
const BARE_PRESET = 'base';

export function applyChange(spec: StackSpec, change: Change): StackSpec {
  switch (change.kind) {
    case 'fit': return { ...spec, fit: true };
    case 'nodes': return { ...spec, nodes: change.nodes };
    case 'kubernetes': return { ...spec, kubernetes: change.version, nodeImage: undefined };
    case 'ingress': return { ...spec, ingress: change.ingress };
    case 'drop': return { ...spec, preset: BARE_PRESET, addons: spec.addons.filter((name) => findAddon(name)?.id !== change.addon) };
  }
}

/** What a change is, as a person reads it in a hint. */
export function changeText(change: Change): string {
  switch (change.kind) {
    case 'fit': return 'lower the requests of the addons';
    case 'nodes': return `take ${change.nodes} nodes (each counts the same CPUs once more)`;
    case 'kubernetes': return `take Kubernetes ${change.version}`;
    case 'ingress': return `take the ingress ${change.ingress}`;
    case 'drop': return `leave out ${change.addon}`;
  }
}

export function changeJson(change: Change): Json {
  return { ...change };
}

/** The command that asks for this stack. */
export function commandOf(spec: StackSpec): string {
  const flags: readonly (readonly [boolean, string])[] = [
    [spec.name !== 'dev', `--name ${spec.name}`],
    [spec.addons.length > 0, `--with ${spec.addons.join(',')}`],
    [spec.preset === BARE_PRESET && spec.samples.length > 0, `--sample ${spec.samples.join(',')}`],
    [spec.ingress !== 'kourier', `--ingress ${spec.ingress}`],
    [spec.nodes !== 1, `--nodes ${spec.nodes}`],
    [spec.kubernetes !== undefined, `--kubernetes ${spec.kubernetes}`],
    [spec.nodeImage !== undefined, `--node-image ${spec.nodeImage}`],
    [spec.fit, '--fit'],
    ...Object.entries(spec.versions).map(([component, version]) => [true, `--version ${component}=${version}`] as const),
    [spec.portIsFixed, `--port ${spec.port}`],
  ];
  return ['devstack', 'up', spec.preset, ...flags.filter(([given]) => given).map(([, text]) => text)].join(' ');
}
