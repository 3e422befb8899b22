// What tests of providers do with a real engine, whatever their clusters are made of.
import type { ClusterProvider, ProviderContext } from '../../src/clusters/provider.ts';
import type { ClusterPlan } from '../../src/model/plan.ts';
import type { ProviderSubject } from '../contracts/provider-contract.ts';
import { type RealPorts, realPorts } from './real-ports.ts';

/** What the program says; throws when it fails. */
export async function run(real: RealPorts, command: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await real.ports.processes.run(command, args);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** Containers, networks and volumes that have the name of the cluster in theirs, in words. */
export async function leftOf(real: RealPorts, cluster: string): Promise<readonly string[]> {
  const found = await Promise.all([
    run(real, 'docker', 'ps', '--all', '--filter', `name=${cluster}`, '--format', 'container {{.Names}}'),
    run(real, 'docker', 'network', 'ls', '--filter', `name=${cluster}`, '--format', 'network {{.Name}}'),
    run(real, 'docker', 'volume', 'ls', '--filter', `name=${cluster}`, '--format', 'volume {{.Name}}'),
  ]);
  return found.join('\n').split('\n').filter((line) => line !== '');
}

/** An image that ends well at once; with another label it is another image. */
export async function buildImage(real: RealPorts, image: string, label: string): Promise<void> {
  const container = await run(real, 'docker', 'create', 'busybox:1.37', 'true');
  await run(real, 'docker', 'commit', '--change', `LABEL ${label}`, '--change', 'CMD ["true"]', container, image);
  await run(real, 'docker', 'rm', '--volumes', container);
}

interface Subject {
  readonly provider: ClusterProvider;
  readonly plan: ClusterPlan;
  readonly image: string;
  readonly registry?: NonNullable<ProviderSubject['registry']>;
  /** What tells a container from one that was made anew. */
  readonly identity?: string;
  contextOf(real: RealPorts): ProviderContext;
}

/** Clusters that are containers of the engine, for the contract. The home is its own, and goes with it. */
export async function realSubject({ provider, plan, image, registry, identity = '{{.ID}}', contextOf }: Subject): Promise<ProviderSubject> {
  const real = await realPorts();
  const { stack, cluster } = plan;
  await buildImage(real, image, 'build=1');
  return {
    provider, plan, image, ...(registry === undefined ? {} : { registry }), context: contextOf(real),
    identity: () => run(real, 'docker', 'ps', '--all', '--no-trunc', '--filter', `name=${cluster}`, '--format', identity),
    rebuildImage: () => buildImage(real, image, 'build=2'),
    async cleanUp() {
      await provider.destroy(stack, cluster, contextOf(real));
      const [isUntouched, left] = [await real.isUserFileUntouched(), await leftOf(real, cluster)];
      await real.remove();
      return isUntouched && left.length === 0;
    },
  };
}
