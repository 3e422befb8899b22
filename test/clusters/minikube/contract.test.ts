import { minikube } from '../../../src/clusters/minikube/index.ts';
import { providerContract } from '../../contracts/provider-contract.ts';
import { minikubeWorld, planOf } from './minikube-world.ts';

const IMAGE = 'hello:dev';

providerContract('minikube over a fake engine', async () => {
  const world = await minikubeWorld();
  world.engine.addImage(IMAGE);
  return {
    provider: minikube, plan: planOf(), context: world.context, image: IMAGE,
    identity: async () => world.engine.containers.map((container) => container.id).join(),
    rebuildImage: async () => { world.engine.addImage(IMAGE, 'sha256:another'); },
    async cleanUp() {
      await world.remove();
      return world.engine.containers.length + world.engine.networks.length === 0;
    },
  };
});
