// The spec of a small swarm.
import type { StackSpec } from '../../../src/model/stack.ts';
import { specOf } from '../kind/kind-spec.ts';

export function swarmSpec(given: Partial<StackSpec> = {}): StackSpec {
  return { ...specOf({ provider: 'swarm', nodeImage: undefined }), ...given };
}
