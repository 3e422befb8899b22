// Step `forget`: what devstack keeps of the stack on this machine.
import type { ForgetStep } from '../../model/plan.ts';
import type { Handler } from '../handlers.ts';

export const forget: Handler<ForgetStep> = {
  async check() {
    return 'drifted';
  },

  async run(step, { run, ports }) {
    if (await ports.kubeconfigs.unmerge(step.stack)) run.removed.push(`entries of ${step.cluster} in your kubeconfig`);
    const path = ports.kubeconfigs.pathOf(step.stack);
    const existed = await ports.files.stat(path);
    await ports.kubeconfigs.remove(step.stack);
    if (existed !== undefined) run.removed.push(`kubeconfig ${path}`);
    return undefined;
  },
};
