// Step `remove`: the objects of one part, by its inventory.

import { refText } from '../../model/object.ts';
import type { RemoveStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const remove: Handler<RemoveStep> = {
  async check(step, { run, ports, signal }) {
    const inventories = await ports.kubeSets.inventories(await run.client(), step.stack, signal);
    return inventories.some((inventory) => inventory.part === step.part) ? 'drifted' : 'ready';
  },

  async run(step, { run, ports, signal, onProgress }) {
    const report = await ports.kubeSets.remove(await run.client(), { stack: step.stack, part: step.part, objectsOnly: step.objectsOnly === true }, { onProgress, signal });
    run.removed.push(...report.removed.map(refText));
    run.keptObjects.push(...report.kept);
    return `${report.removed.length} removed${report.kept.length > 0 ? `, ${report.kept.length} kept` : ''}`;
  },
};
