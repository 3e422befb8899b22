// Images of the local engine into the engines of the nodes, as streams.

import { PassThrough } from 'node:stream';
import { failedError, preconditionError } from '../../model/error.ts';
import { withTag } from '../../model/image-name.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { Docker, DockerContainer, DockerImage } from '../../ports.ts';
import type { ImageLoader, ProviderContext } from '../provider.ts';
import { nodeEndpoint } from './cluster-plan.ts';
import { readHoldings } from './holdings.ts';

/** Tag in a node that says which image of the local engine was loaded: the two engines may count ids over different documents. */
const MARK = 'devstack.local/loaded';

/** Where the engine itself is the node, nothing is ever missing. */
export const images: ImageLoader = {
  async missing(cluster, wanted, context) {
    const nodes = await runningNodes(cluster, context);
    if (nodes.length === 0) return [];
    const { docker, engines } = context.ports;
    const local = await Promise.all(wanted.map(async (reference) => [reference, await docker.inspectImage(reference)] as const));
    const stocks = await Promise.all(nodes.map(async ({ name }) => tagsOf(await engines.docker(nodeEndpoint(name)).listImages())));
    return local.filter(([reference, image]) => stocks.some((tags) => lacks(tags, reference, image))).map(([reference]) => reference);
  },

  async load(cluster, reference, context) {
    const { docker, engines } = context.ports;
    const image = await docker.inspectImage(reference);
    if (image === undefined) throw notHere(reference);
    const nodes = await runningNodes(cluster, context);
    const stocks = await Promise.all(nodes.map(async ({ name }) => tagsOf(await engines.docker(nodeEndpoint(name)).listImages())));
    const lacking = nodes.filter((_node, index) => lacks(stocks[index] ?? [], reference, image));
    if (lacking.length === 0) return;
    context.onProgress(`${reference} into ${lacking.map(({ name }) => name).join(', ')}`);
    // Saved once, for all: the slowest node sets the pace.
    const archive = await docker.saveImage(reference);
    await Promise.all(lacking.map(async (node) => {
      await engines.docker(nodeEndpoint(node.name)).loadImage(copyOf(archive));
      await mark(docker, node, { reference, image });
    }));
  },
};

function copyOf(archive: NodeJS.ReadableStream): NodeJS.ReadableStream {
  const copy = new PassThrough();
  archive.on('error', (error: Error) => copy.destroy(error));
  return archive.pipe(copy);
}

async function runningNodes(cluster: ClusterPlan, { ports, signal }: ProviderContext): Promise<readonly DockerContainer[]> {
  return (await readHoldings(ports, cluster, signal)).nodes.filter(({ state }) => state === 'running');
}

function tagsOf(stock: readonly DockerImage[]): readonly (readonly string[])[] {
  return stock.map(({ tags }) => tags);
}

/** The name and the mark must be on the same image: a rebuilt one has the name of the old. */
function lacks(stock: readonly (readonly string[])[], reference: string, image: DockerImage | undefined): boolean {
  return !stock.some((tags) => tags.includes(shortName(reference)) && (image === undefined || tags.includes(markOf(image))));
}

/** As an engine lists it: `docker.io/library/busybox` → `busybox:latest`. */
export function shortName(reference: string): string {
  return withTag(reference.replace(/^docker\.io\//, '').replace(/^library\//, ''));
}

function markOf({ id }: DockerImage): string {
  return `${MARK}:${id.replace(':', '-')}`;
}

async function mark(docker: Docker, { name }: DockerContainer, { reference, image }: { readonly reference: string; readonly image: DockerImage }): Promise<void> {
  const { exitCode, stderr } = await docker.exec(name, ['docker', 'tag', reference, markOf(image)]);
  if (exitCode === 0) return;
  throw failedError({ code: 'swarm-image-load-failed', message: `the image ${reference} did not arrive in ${name}`, reason: stderr.trim(), hints: [{ text: 'see what is there', command: `docker exec ${name} docker images` }] });
}

function notHere(reference: string) {
  return preconditionError({ code: 'image-missing', message: `the image ${reference} is not on this machine`, hints: [{ text: 'pull it', command: `docker pull ${reference}` }] });
}
