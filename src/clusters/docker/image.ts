// Images that containers of a provider are made of.
import type { ProviderContext } from '../provider.ts';

/** Pulls what the engine lacks. Throws `image-pull-failed`. */
export async function ensureImage(image: string, { ports: { docker }, signal, onProgress }: ProviderContext): Promise<void> {
  if (await docker.inspectImage(image) !== undefined) return;
  onProgress(`pulling ${image}`);
  await docker.pullImage(image, onProgress, signal);
}
