// Frames of a real swarm (test/fixtures/swarm/README.md).
import { readFileSync } from 'node:fs';
import type { SwarmNode, SwarmService, SwarmTask } from '../../src/model/swarm.ts';
import type { ServiceView } from '../../src/swarm/status.ts';

export interface Frame extends ServiceView {
  readonly ms: number;
}

interface StoredFrame {
  readonly ms: number;
  readonly service: SwarmService;
  readonly tasks: readonly SwarmTask[];
  readonly upToDate: readonly string[];
  readonly nodes: readonly SwarmNode[];
}

export function recording(name: string): readonly Frame[] {
  const url = new URL(`../fixtures/swarm/recordings/${name}.json`, import.meta.url);
  const frames = JSON.parse(readFileSync(url, 'utf8')) as readonly StoredFrame[];
  return frames.map((frame) => ({ ...frame, upToDate: new Set(frame.upToDate) }));
}
