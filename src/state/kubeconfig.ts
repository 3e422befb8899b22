// Kubeconfigs: one of each stack's own, and its entries in the user's file when they are asked for.
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { type DevstackError, failedError, preconditionError } from '../model/error.ts';
import type { Files, Folders, Kubeconfigs, Yaml } from '../ports.ts';
import { mergeEntries, readEntries, unmergeEntries } from './kubeconfig-edit.ts';
import { folderOf } from './stack-folder.ts';

const LOCK_WAIT_MS = 30_000;
/** Above any real one (10 MB with 500 contexts has been seen); a wrong path should not be read into memory. */
const MAX_BYTES = 16 * 2 ** 20;
const NEW_FILE_MODE = 0o600;
/** Nobody's editor saves faster than that. */
const MAX_TRIES = 5;

export interface KubeconfigsWorld {
  readonly env: { readonly [name: string]: string | undefined };
  readonly files: Files;
  readonly yaml: Yaml;
  readonly folders: Pick<Folders, 'state'>;
  /** Absolute; called only when the user's own file is needed. Throws `home-unknown`. */
  home(): string;
}

export function createKubeconfigs(world: KubeconfigsWorld): Kubeconfigs {
  const { files } = world;
  const pathOf = (stack: string): string => join(folderOf(world.folders, stack), 'kubeconfig');
  return {
    pathOf,
    async write(stack, kubeconfig) {
      const path = pathOf(stack);
      if ((await files.readText(path)) !== kubeconfig) await files.write(path, kubeconfig);
      return path;
    },
    merge: async (stack, options) => await merge(world, { stack, own: pathOf(stack), ...options }),
    unmerge: async (stack) => await unmerge(world, stack),
    async remove(stack) {
      await files.remove(pathOf(stack));
      await files.remove(placesPath(world, stack));
    },
  };
}

interface MergeJob {
  readonly stack: string;
  readonly own: string;
  readonly use: boolean;
  readonly target?: string;
}

async function merge(world: KubeconfigsWorld, job: MergeJob): Promise<{ readonly path: string; readonly context: string }> {
  const { files, yaml } = world;
  const own = await files.readText(job.own);
  if (own === undefined) {
    throw failedError({
      code: 'kubeconfig-missing', message: `the kubeconfig of ${job.stack} is not there`,
      hints: [{ text: 'Write it again', command: `devstack env ${job.stack}` }],
    });
  }
  const entries = readEntries(job.stack, { text: own, name: job.own, yaml });
  const path = job.target === undefined ? await userFile(world) : resolve(job.target);
  await notePlace(world, job.stack, path);
  await locked(files, path, async () => {
    const { text, result: merged } = await workOut(files, path, (now) => mergeEntries({ text: now, name: path, yaml }, entries, job.use));
    if (merged !== text) await files.write(path, merged, { keep: true, mode: NEW_FILE_MODE });
  });
  return { path, context: entries.context };
}

async function unmerge(world: KubeconfigsWorld, stack: string): Promise<boolean> {
  const { files, yaml } = world;
  let removed = false;
  const noted = await notedPlaces(world, stack);
  for (const path of new Set([...noted, ...userFiles(world)])) {
    if (noted.includes(path)) await files.tidyBeside(path);
    // No lock is made beside a file that has nothing of ours, and a broken one of somebody else's is no reason to fail. Only where a
    // run of ours was killed before it wrote, its lock may be there still: taking it takes it away.
    if (!(await mentionsMark(files, path)) && !(noted.includes(path) && await files.stat(`${path}.lock`) !== undefined)) continue;
    await locked(files, path, async () => {
      const { result } = await workOut(files, path, (now) => (now === undefined ? undefined : unmergeEntries({ text: now, name: path, yaml }, stack)));
      if (result?.removed !== true) return;
      removed = true;
      if (result.isObsolete) await files.remove(path);
      else await files.write(path, result.text, { keep: true });
    });
  }
  return removed;
}

// ── which file ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Files that kubectl reads, in its order. Absolute: `down` may be run in another folder. */
function userFiles(world: KubeconfigsWorld): readonly string[] {
  const named = (world.env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '').map((path) => resolve(path));
  return named.length > 0 ? named : [join(world.home(), '.kube', 'config')];
}

/** Where kubectl would write a new entry: the first file that exists, else the last. Files that are read-only are passed over. */
async function userFile(world: KubeconfigsWorld): Promise<string> {
  const paths = userFiles(world);
  let readOnly: string | undefined;
  for (const path of paths) {
    const found = await world.files.stat(path, { follow: true });
    if (found === undefined) continue;
    if ((found.mode & 0o200) !== 0) return path;
    readOnly ??= path;
  }
  if (readOnly !== undefined) throw readOnlyError(readOnly);
  return paths.at(-1) ?? '';
}

/**
 * kubectl locks the name that it was given; who goes by the target of a link locks that. Both are held, always in one order. Where only
 * a folder on the way is a link they are one lock, and whoever took it twice would wait for itself.
 */
async function locked(files: Files, path: string, work: () => Promise<void>): Promise<void> {
  const placeOf = async (name: string): Promise<string> => join(await files.realPath(dirname(name)), basename(name));
  const names = [...new Set([await placeOf(path), await placeOf(await files.realPath(path))])].sort();
  const [first = path, second] = names;
  await files.withLock(`${first}.lock`, async () => {
    await (second === undefined ? work() : files.withLock(`${second}.lock`, work, { waitMs: LOCK_WAIT_MS }));
  }, { waitMs: LOCK_WAIT_MS });
}

/**
 * What to write instead of a text. A person's editor takes no lock, and to work it out may take a tenth of a second: is the text
 * another one afterwards, it is worked out anew. What is left is the moment that the write itself takes.
 */
async function workOut<T>(files: Files, path: string, work: (text: string | undefined) => T): Promise<{ readonly text: string | undefined; readonly result: T }> {
  let text = await readUserFile(files, path);
  for (let tries = 1; ; tries += 1) {
    const result = work(text);
    const now = await readUserFile(files, path);
    if (now === text || tries === MAX_TRIES) return { text, result };
    text = now;
  }
}

/** Undefined when there is none. Throws `kubeconfig-invalid` for what cannot be one. */
async function readUserFile(files: Files, path: string): Promise<string | undefined> {
  const found = await files.stat(path, { follow: true });
  if (found === undefined) return undefined;
  if (found.kind !== 'file') throw invalid(path, found.kind === 'directory' ? 'it is a directory' : 'it is not a regular file');
  if (found.size > MAX_BYTES) throw invalid(path, `it is larger than ${MAX_BYTES / 2 ** 20} MiB`);
  if ((found.mode & 0o200) === 0) throw readOnlyError(path);
  const bytes = (await files.readBytes(path)) ?? new Uint8Array();
  const text = Buffer.from(bytes).toString('utf8');
  // Written back, a byte that is no UTF-8 would be another one.
  if (Buffer.from(text).equals(bytes)) return text;
  const isUtf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
  throw invalid(path, isUtf16 ? 'it is UTF-16; kubectl reads UTF-8 only' : 'it is not UTF-8');
}

async function mentionsMark(files: Files, path: string): Promise<boolean> {
  const found = await files.stat(path, { follow: true });
  if (found?.kind !== 'file' || found.size > MAX_BYTES) return false;
  return (await files.readText(path))?.includes('devstack.dev') === true;
}

// ── where this stack was merged into ────────────────────────────────────────────────────────────────────────────────

function placesPath(world: KubeconfigsWorld, stack: string): string {
  return join(folderOf(world.folders, stack), 'merged-into');
}

/** Before the merge, so that a kill between the two leaves nothing that cannot be found again. */
async function notePlace(world: KubeconfigsWorld, stack: string, path: string): Promise<void> {
  const places = await notedPlaces(world, stack);
  if (!places.includes(path)) await world.files.write(placesPath(world, stack), `${JSON.stringify([...places, path])}\n`);
}

async function notedPlaces(world: KubeconfigsWorld, stack: string): Promise<readonly string[]> {
  const text = await world.files.readText(placesPath(world, stack));
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
}

function readOnlyError(path: string): DevstackError {
  return preconditionError({
    code: 'kubeconfig-read-only', message: `${path} is read-only, so nothing is put into it`,
    hints: [{ text: 'Use the file of the stack instead', command: 'eval "$(devstack env)"' }],
  });
}

function invalid(path: string, reason: string): DevstackError {
  return failedError({
    code: 'kubeconfig-invalid', message: `${path} cannot be used as a kubeconfig`, reason,
    hints: [{ text: 'Use the file of the stack instead', command: 'eval "$(devstack env)"' }],
  });
}
