import { kind } from '../../../src/clusters/kind/index.ts';
import { providerContract } from '../../contracts/provider-contract.ts';
import { serveContainerd } from './containerd.ts';
import { kindWorld, planOf } from './kind-world.ts';

const IMAGE = 'hello:dev';
const REGISTRY = 'registry:2';

providerContract('kind over a fake engine', async () => {
  const world = await kindWorld();
  world.engine.addImage(IMAGE);
  world.engine.addImage(REGISTRY);
  serveContainerd(world.engine);
  return {
    provider: kind, plan: planOf({ nodes: 2 }), context: world.context, image: IMAGE, registry: { image: REGISTRY, port: 5001 },
    identity: async () => world.engine.containers.map((container) => container.id).join(),
    rebuildImage: async () => { world.engine.addImage(IMAGE, 'sha256:another'); },
    async cleanUp() {
      await world.remove();
      return world.engine.containers.length + world.engine.networks.length === 0;
    },
  };
});
