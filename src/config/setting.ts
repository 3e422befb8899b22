// The settings of a stack, as flags, environment, file and defaults all name them, and where each value came from.
import type { ImageRule } from '../model/stack.ts';

export interface StackSettings {
  readonly name: string;
  readonly preset: string;
  readonly provider: string;
  /** A context of the user's kubeconfig: use its cluster. */
  readonly context: string;
  /** The context that may be used although its cluster is not on this machine. Never from a file. */
  readonly allowRemote: string;
  readonly kubernetes: string;
  readonly nodeImage: string;
  readonly nodes: number;
  /** Swarm only. */
  readonly managers: number;
  /** Swarm only: managers keep their keys locked at rest. */
  readonly autolock: boolean;
  /** Swarm only: overlay networks of apps are encrypted between nodes. */
  readonly encrypt: boolean;
  /** Swarm only: use the swarm that the engine is part of already. */
  readonly existing: boolean;
  readonly port: number;
  readonly addons: readonly string[];
  readonly ingress: string;
  readonly domain: string;
  readonly samples: readonly string[];
  readonly images: readonly ImageRule[];
  readonly mirrors: readonly string[];
  readonly proxy: string;
  readonly caFile: string;
  readonly fit: boolean;
  readonly versions: { readonly [component: string]: string };
  /** Milliseconds. */
  readonly timeout: number;
}

export type SettingName = keyof StackSettings;

/** A value and where it came from: `--port`, `DEVSTACK_PORT`, `devstack.yaml:3`, `preset knative`, `default`. */
export interface Given<T> {
  readonly value: T;
  readonly origin: string;
  /** Place of one element, when the source knows it better than `origin` does. */
  placeOf?(element: string | number): string;
}

/** What one source says. Sources are tried in order; the first that says something wins. */
export type Layer = { readonly [K in SettingName]?: Given<StackSettings[K]> };

/** The order in which settings are shown. */
export const SETTING_NAMES = [
  'name', 'preset', 'provider', 'context', 'allowRemote', 'kubernetes', 'nodeImage', 'nodes', 'managers', 'autolock', 'encrypt', 'existing', 'port', 'addons', 'ingress', 'domain', 'samples', 'images',
  'mirrors', 'proxy', 'caFile', 'fit', 'versions', 'timeout',
] as const satisfies readonly SettingName[];

/** File of a stack, in the folder where devstack runs. */
export const STACK_FILE = 'devstack.yaml';

export const LIMITS = { nodes: { min: 1, max: 9 }, port: { min: 1, max: 65_535 }, listItems: 100 } as const;
