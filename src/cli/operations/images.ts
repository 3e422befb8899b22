// Use case of `images load`: images of the local engine into the nodes of a stack, where they are missing.
import { findProvider } from '../../clusters/index.ts';
import { failedError, preconditionError } from '../../model/error.ts';
import type { Ports } from '../../ports.ts';
import type { LoadedImages } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { clusterPlanOf } from './power.ts';
import { pickStack } from './status.ts';
import { providerContext } from './up.ts';

/** Throws `image-missing` before anything is loaded, `provider-no-images`, `stack-not-running`, and what loading throws. */
export async function loadImages(ports: Ports, stack: string | undefined, images: readonly string[], options: RunOptions): Promise<LoadedImages> {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const context = { ...providerContext(ports, options.signal), onProgress: (message: string) => options.emit({ type: 'note', message }) };
  const facts = await provider.observe(found.stack, found.cluster, context);
  if (facts.state !== 'running') {
    throw preconditionError({ code: 'stack-not-running', message: `stack ${found.stack} is not running`, hints: [{ text: 'bring it back', command: `devstack up --name ${found.stack}` }] });
  }
  if (provider.images === undefined) {
    throw preconditionError({
      code: 'provider-no-images', message: `images cannot be loaded into the nodes of ${found.stack}`, reason: `${provider.title} gives no way to`,
      hints: [{ text: 'let the nodes pull it from a registry', command: `docker push ${images[0] ?? ''}` }],
    });
  }
  await requireHere(ports, images);
  const cluster = clusterPlanOf(found, facts);
  const missing = await provider.images.missing(cluster, images, context);
  for (const image of missing) await provider.images.load(cluster, image, context);
  return { stack: found.stack, loaded: missing, present: images.filter((image) => !missing.includes(image)) };
}

async function requireHere({ docker }: Ports, images: readonly string[]): Promise<void> {
  const local = await Promise.all(images.map((image) => docker.inspectImage(image)));
  const absent = images.find((_image, index) => local[index] === undefined);
  if (absent === undefined) return;
  throw failedError({ code: 'image-missing', message: `the image ${absent} is not on this machine`, hints: [{ text: 'pull or build it', command: `docker pull ${absent}` }] });
}
