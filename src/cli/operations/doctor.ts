// Use case `doctor`: what the stack needs, held against what the machine has.
import { findProvider } from '../../clusters/index.ts';
import type { Finding } from '../../clusters/provider.ts';
import { examine } from '../../doctor/index.ts';
import { DOMAIN_LADDER } from '../../plan/domain.ts';
import { demandOf } from '../../plan/fit.ts';
import { selectAddons } from '../../plan/select.ts';
import type { Ports } from '../../ports.ts';
import type { UseCases } from '../use-cases.ts';

export async function examineMachine(ports: Ports, { spec, fix, signal }: Parameters<UseCases['doctor']>[0]): Promise<readonly Finding[]> {
  const provider = await findProvider(spec.provider);
  const wish = {
    port: spec.port, tools: provider.tools, programs: provider.programs ?? [], domains: spec.domain === 'auto' ? DOMAIN_LADDER : [spec.domain], ...demandOf(selectAddons(spec).addons, spec),
  };
  return examine(ports, { wish, fix, signal });
}
