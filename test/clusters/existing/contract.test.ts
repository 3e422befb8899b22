import { context } from '../../../src/clusters/context/index.ts';
import { dockerDesktop } from '../../../src/clusters/docker-desktop/index.ts';
import type { ClusterProvider } from '../../../src/clusters/provider.ts';
import { providerContract } from '../../contracts/provider-contract.ts';
import { engineFacts, specOf } from '../kind/kind-spec.ts';
import { existingWorld } from './existing-world.ts';

const IMAGE = 'hello:dev';

function contract(provider: ClusterProvider, name: string): void {
  providerContract(`${provider.id} over a fake engine`, async () => {
    const world = await existingWorld(name);
    world.engine.addImage(IMAGE);
    const before = await world.userFile();
    return {
      provider, plan: provider.plan(specOf({ provider: provider.id, nodeImage: undefined, settings: { context: name } }), 18_401, engineFacts), context: world.context, image: IMAGE,
      identity: async () => world.engine.containers.map((container) => container.id).join(),
      rebuildImage: async () => { world.engine.addImage(IMAGE, 'sha256:another'); },
      async cleanUp() {
        const isClean = await world.userFile() === before && world.engine.networks.length === 0 && world.engine.containers.length === 1;
        await world.remove();
        return isClean;
      },
    };
  });
}

contract(context, 'k3s-lab');
contract(dockerDesktop, 'docker-desktop');
