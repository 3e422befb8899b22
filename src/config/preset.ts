// Presets: named starting points, as data.

export interface Preset {
  readonly id: string;
  readonly summary: string;
  /** What else they need (the ingress) the planner adds. */
  readonly addons: readonly string[];
  readonly samples: readonly string[];
  /** What runs it, unless somebody names another. */
  readonly provider?: string;
}

export const presets: readonly Preset[] = [
  { id: 'base', summary: 'just the cluster', addons: [], samples: [] },
  { id: 'knative', summary: 'Knative Serving, an ingress, DNS, and the hello sample that proves it', addons: ['knative-serving'], samples: ['hello'] },
  { id: 'swarm', summary: 'a Docker Swarm: the engine itself, or several nodes', addons: [], samples: [], provider: 'swarm' },
];

export function findPreset(id: string): Preset | undefined {
  return presets.find((preset) => preset.id === id);
}
