// Images of the local engine into the containerd of the nodes, as streams: no archive on disk, no `kind load`
// (kubernetes-sigs/kind#3795: it fails for images of several platforms in the containerd image store).
import { failedError } from '../../model/error.ts';
import { isJsonObject } from '../../model/json.ts';
import { arrayAt, stringAt } from '../../model/object.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import type { Docker, DockerImage } from '../../ports.ts';
import type { ImageLoader, ProviderContext } from '../provider.ts';
import { readHoldings } from './holdings.ts';

/** containerd calls the config digest of an image its id, as the classic store of Docker does. */
interface NodeImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
}

/**
 * A name that says in the node which image of the engine was loaded: the containerd store of Docker counts the id over another
 * document than containerd in the node does, so the two cannot be compared.
 */
const MARK = 'devstack.local/loaded';

/** Reads the archive on stdin; the snapshotter is that of the node (fuse-overlayfs on a rootless engine). */
const IMPORT = `
snapshotter=$(containerd config dump | sed -n "s/^ *snapshotter = ["']\\([a-z-]*\\)["'].*/\\1/p" | head -n 1)
exec ctr --namespace=k8s.io images import --digests --snapshotter="$snapshotter" -
`;

export const images: ImageLoader = {
  async missing(cluster, wanted, context) {
    const { docker } = context.ports;
    const [nodes, local] = await Promise.all([runningNodes(cluster, context), localImages(wanted, docker)]);
    const stocks = await Promise.all(nodes.map((node) => stockOf(node, docker, context.signal)));
    return wanted.filter((reference) => stocks.some((stock) => !holds(stock, reference, local.get(reference))));
  },

  async load(cluster, reference, context) {
    const { docker } = context.ports;
    const image = await docker.inspectImage(reference);
    if (image === undefined) throw notHere(reference);
    const nodes = await runningNodes(cluster, context);
    await Promise.all(nodes.map(async (node) => {
      if (holds(await stockOf(node, docker, context.signal), reference, image)) return;
      await loadInto(node, reference, image, context);
    }));
  },
};

function notHere(reference: string) {
  return failedError({
    code: 'image-missing', message: `the image ${reference} is not on this machine`, hints: [{ text: 'pull or build it', command: `docker pull ${reference}` }],
  });
}

async function runningNodes({ stack, cluster }: ClusterPlan, { ports }: ProviderContext): Promise<readonly string[]> {
  const { nodes } = await readHoldings(ports.docker, { stack, cluster });
  return nodes.filter((node) => node.state === 'running').map((node) => node.name);
}

async function localImages(references: readonly string[], docker: Docker): Promise<ReadonlyMap<string, DockerImage | undefined>> {
  return new Map(await Promise.all(references.map(async (reference) => [reference, await docker.inspectImage(reference)] as const)));
}

/** What kubelet sees in this node. Throws `kind-image-list-failed`. */
async function stockOf(node: string, docker: Docker, signal: AbortSignal): Promise<readonly NodeImage[]> {
  const { exitCode, stdout, stderr } = await docker.exec(node, ['crictl', 'images', '--output', 'json'], { signal });
  if (exitCode !== 0) {
    throw failedError({
      code: 'kind-image-list-failed', message: `the node ${node} does not say which images it has`, reason: lastLine(stderr),
      hints: [{ text: 'ask it yourself', command: `docker exec ${node} crictl images` }],
    });
  }
  const texts = (value: unknown, key: string) => arrayAt(value, key).filter((item): item is string => typeof item === 'string');
  return arrayAt(parse(stdout), 'images').map((image) => ({ id: stringAt(image, 'id') ?? '', tags: texts(image, 'repoTags'), digests: texts(image, 'repoDigests') }));
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The very image that the engine has under this name; any image of the name when the engine has none. */
function holds(stock: readonly NodeImage[], reference: string, local: DockerImage | undefined): boolean {
  const name = fullName(reference);
  const named = stock.filter((image) => image.tags.includes(name) || image.digests.includes(name));
  if (local === undefined) return named.length > 0;
  const known = new Set([local.id, ...local.digests.map(digestOf)]);
  return named.some((image) => known.has(image.id) || image.digests.some((digest) => known.has(digestOf(digest))) || image.tags.includes(markOf(local)));
}

function digestOf(reference: string): string {
  return reference.slice(reference.indexOf('@') + 1);
}

function markOf(image: DockerImage): string {
  return `${MARK}:${image.id.replace(':', '-')}`;
}

/** As containerd writes it: `busybox` → `docker.io/library/busybox:latest`. */
export function fullName(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? reference : rest.length > 0 ? `docker.io/${reference}` : `docker.io/library/${reference}`;
  return path.includes('@') || /:[^/]*$/.test(path) ? path : `${path}:latest`;
}

async function loadInto(node: string, reference: string, image: DockerImage, { ports, signal, onProgress }: ProviderContext): Promise<void> {
  const { docker } = ports;
  onProgress(`${reference} into ${node}`);
  const imported = await docker.exec(node, ['sh', '-c', IMPORT], { stdin: await docker.saveImage(reference), signal });
  const tagged = imported.exitCode === 0
    ? await docker.exec(node, ['ctr', '--namespace=k8s.io', 'images', 'tag', '--force', fullName(reference), markOf(image)], { signal })
    : imported;
  if (tagged.exitCode === 0) return;
  throw failedError({
    code: 'kind-image-load-failed', message: `the image ${reference} could not be loaded into ${node}`, reason: lastLine(tagged.stderr),
    hints: [/no space left/i.test(tagged.stderr)
      ? { text: 'see what takes the room', command: 'docker system df' }
      : { text: 'see what is in the node', command: `docker exec ${node} crictl images` }],
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
