// Step `fetch`: tools and manifests into the cache, verified, before anything is made.
import type { FetchStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

const MEBI = 1024 * 1024;

export const fetch: Handler<FetchStep> = {
  async check(step, { ports }) {
    const present = await Promise.all(step.artifacts.map((artifact) => ports.artifacts.has(artifact)));
    return present.every(Boolean) && step.tools.length === 0 ? 'ready' : 'absent';
  },

  async run(step, { ports, signal, onProgress }) {
    let bytes = 0;
    const onBytes = (name: string) => (done: number, total: number | undefined) => {
      bytes = Math.max(bytes, done);
      onProgress(`${name} ${(done / MEBI).toFixed(1)} MiB`, done, total);
    };
    await Promise.all([
      ...step.tools.map((tool) => ports.artifacts.tool(tool, { signal, onProgress: onBytes(tool) })),
      ...step.artifacts.map((artifact) => ports.artifacts.fetch(artifact, { signal, onProgress: onBytes(artifact.name) })),
    ]);
    // Parsing a megabyte of YAML takes as long as the node takes to boot: begin now, the apply steps find it done.
    void ports.manifests.load(step.artifacts.map((artifact) => ({ artifact })), [], []).catch(() => undefined);
    return bytes === 0 ? 'all in the cache' : 'downloaded and verified';
  },
};
