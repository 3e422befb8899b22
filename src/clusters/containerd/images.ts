// Images of the local engine into the containerd of nodes that are its containers, as streams: no archive on disk, no `kind load`
// (kubernetes-sigs/kind#3795: it fails for images of several platforms in the containerd image store).
import { Readable } from 'node:stream';
import { failedError } from '../../model/error.ts';
import { fullName, withTag } from '../../model/image-name.ts';
import { parseJson } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import type { ClusterPlan } from '../../model/plan.ts';
import { shellQuoted } from '../../model/shell.ts';
import type { DockerImage, ExecResult } from '../../ports.ts';
import type { ImageLoader, ProviderContext } from '../provider.ts';
import { withoutBlobs } from './archive.ts';

/** Names in the node's containerd, as kubelet uses them, and the digest of what each stands for. */
type Stock = ReadonlyMap<string, string>;

/** In the namespace that kubelet takes its images from. */
const CTR = ['ctr', '--namespace=k8s.io'] as const;

/**
 * A name that says in the node which image of the engine was loaded: the containerd store of Docker counts the id over another
 * document than containerd in the node does, so the two cannot be compared.
 */
const MARK = 'devstack.local/loaded';

/** Names of the running nodes of a cluster: containers of the local engine. */
export type NodesOf = (cluster: Pick<ClusterPlan, 'stack' | 'cluster'>, context: ProviderContext) => Promise<readonly string[]>;

export function imageLoader(nodesOf: NodesOf): ImageLoader {
  // Of a node that was made anew meanwhile it is the same: all come from the same image.
  const snapshotters = new Map<string, string>();
  const snapshotterOf = async (node: string, context: ProviderContext): Promise<string> => {
    const known = snapshotters.get(node) ?? await askSnapshotter(node, context);
    snapshotters.set(node, known);
    return known;
  };
  return {
    async missing(cluster, wanted, context) {
      const { docker } = context.ports;
      const [nodes, local] = await Promise.all([nodesOf(cluster, context), Promise.all(wanted.map((reference) => docker.inspectImage(reference)))]);
      const names = wanted.flatMap((reference, index) => namesOf(reference, local[index]));
      const lacking = await Promise.all(nodes.map(async (node) => {
        const stock = await stockOf(node, names, context);
        const held = await Promise.all(wanted.map((reference, index) => holds({ node, stock, reference, image: local[index] }, context)));
        return wanted.filter((_, index) => !held[index]);
      }));
      return wanted.filter((reference) => lacking.some((references) => references.includes(reference)));
    },

    async load(cluster, reference, context) {
      const image = await context.ports.docker.inspectImage(reference);
      if (image === undefined) throw notHere(reference);
      const nodes = await nodesOf(cluster, context);
      await Promise.all(nodes.map(async (node) => {
        const [{ stock, known }, snapshotter] = await Promise.all([holdingsOf(node, namesOf(reference, image), context), snapshotterOf(node, context)]);
        const question = { node, stock, reference, image };
        if (!(await holds(question, context))) await loadInto({ ...question, snapshotter, known }, context);
      }));
    },
  };
}

function notHere(reference: string) {
  return failedError({
    code: 'image-missing', message: `the image ${reference} is not on this machine`, hints: [{ text: 'pull or build it', command: `docker pull ${reference}` }],
  });
}

/** What an image can be known by in a node. */
function namesOf(reference: string, image: DockerImage | undefined): readonly string[] {
  return [nameInNode(reference), ...(image === undefined ? [] : [markOf(image)])];
}

const LIST = [...CTR, 'images', 'list'] as const;

/** Of these names only: for each image that it lists, containerd adds up all of its layers (274 of them: half a second). */
function listOf(names: readonly string[]): readonly string[] {
  return [...LIST, ...names.map((name) => `name==${JSON.stringify(name)}`)];
}

/** Throws `node-image-list-failed`. */
async function stockOf(node: string, names: readonly string[], { ports, signal }: ProviderContext): Promise<Stock> {
  return readStock(node, await ports.docker.exec(node, listOf(names), { signal }));
}

function readStock(node: string, { exitCode, stdout, stderr }: ExecResult): Stock {
  if (exitCode !== 0) {
    throw failedError({
      code: 'node-image-list-failed', message: `the node ${node} does not say which images it has`, reason: lastLine(stderr),
      hints: [{ text: 'ask it yourself', command: `docker exec ${node} ${LIST.join(' ')}` }],
    });
  }
  // REF TYPE DIGEST SIZE …
  return new Map(stdout.split('\n').slice(1).flatMap((line) => {
    const [name, , digest] = line.split(/\s+/);
    return name === undefined || digest === undefined ? [] : [[name, digest] as const];
  }));
}

/** Several commands in the turn of one: to get into a node takes longer than what is asked there. */
function inTurn(...commands: readonly (readonly string[])[]): readonly string[] {
  return ['sh', '-c', commands.map((words) => words.map(shellQuoted).join(' ')).join(' && ')];
}

/** Which of the names it has, and digests of all that it has whole. */
async function holdingsOf(node: string, names: readonly string[], { ports, signal }: ProviderContext): Promise<{ readonly stock: Stock; readonly known: ReadonlySet<string> }> {
  const answer = await ports.docker.exec(node, inTurn(listOf(names), ['echo'], [...CTR, 'content', 'list', '--quiet']), { signal });
  const [images = '', content = ''] = answer.stdout.split('\n\n');
  return { stock: readStock(node, { ...answer, stdout: images }), known: new Set(content.split('\n').map((line) => line.trim().replace(/^sha256:/, ''))) };
}

interface Question {
  readonly node: string;
  readonly stock: Stock;
  readonly reference: string;
  /** What the engine has under this name. */
  readonly image: DockerImage | undefined;
}

/** Does the node have the very image that the engine has under this name; when the engine has none, any of the name? */
async function holds({ node, stock, reference, image }: Question, context: ProviderContext): Promise<boolean> {
  const digest = stock.get(nameInNode(reference));
  if (digest === undefined || image === undefined) return digest !== undefined;
  if (digest === image.id || image.digests.some((known) => digestOf(known) === digest)) return true;
  if (stock.get(markOf(image)) === digest) return true;
  return await configOf(node, digest, context) === image.id;
}

/** Digest of an image's configuration, by which the classic store of Docker knows it. Undefined when it is not a plain image. */
async function configOf(node: string, digest: string, { ports, signal }: ProviderContext): Promise<string | undefined> {
  const { exitCode, stdout } = await ports.docker.exec(node, [...CTR, 'content', 'get', digest], { signal });
  return exitCode === 0 ? stringAt(parseJson(stdout), 'config', 'digest') : undefined;
}

function digestOf(reference: string): string {
  return reference.slice(reference.indexOf('@') + 1);
}

function markOf(image: DockerImage): string {
  return `${MARK}:${image.id.replace(':', '-')}`;
}

/** As containerd writes it: `busybox` → `docker.io/library/busybox:latest`. */
export function nameInNode(reference: string): string {
  return withTag(fullName(reference));
}

interface Loading extends Question {
  readonly image: DockerImage;
  readonly snapshotter: string;
  /** Digests of what the node has whole. */
  readonly known: ReadonlySet<string>;
}

async function loadInto({ node, reference, image, snapshotter, known }: Loading, context: ProviderContext): Promise<void> {
  const { ports: { docker }, signal } = context;
  context.onProgress(`${reference} into ${node}`);
  // Not --all-platforms, as kind has it: the archive has one of them.
  const load = inTurn([...CTR, 'images', 'import', '--digests', `--snapshotter=${snapshotter}`, '-'], [...CTR, 'images', 'tag', '--force', nameInNode(reference), markOf(image)]);
  const send = async (skipped: ReadonlySet<string>) => docker.exec(node, load, { stdin: Readable.from(withoutBlobs(await docker.saveImage(reference), skipped)), signal });
  let imported = await send(known);
  // A layer that was there may have been thrown away meanwhile: then all of it.
  if (imported.exitCode !== 0 && known.size > 0 && !isFull(imported.stderr)) imported = await send(new Set());
  if (imported.exitCode === 0) return;
  throw failedError({
    code: 'node-image-load-failed', message: `the image ${reference} could not be loaded into ${node}`, reason: lastLine(imported.stderr),
    hints: [isFull(imported.stderr)
      ? { text: 'see what takes the room', command: 'docker system df' }
      : { text: 'see what is in the node', command: `docker exec ${node} ${CTR.join(' ')} images list` }],
  });
}

function isFull(stderr: string): boolean {
  return /no space left/i.test(stderr);
}

/** Where kubelet's containerd unpacks images: overlayfs, or fuse-overlayfs on a rootless engine. */
async function askSnapshotter(node: string, { ports, signal }: ProviderContext): Promise<string> {
  const { stdout } = await ports.docker.exec(node, ['containerd', 'config', 'dump'], { signal });
  return /\bsnapshotter = ["']([a-z0-9-]+)["']/.exec(stdout)?.[1] ?? 'overlayfs';
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
