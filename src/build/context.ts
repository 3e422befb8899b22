// What an image is made of, and the tag that follows from it: the same files make the same tag, on every machine.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { usageError } from '../model/error.ts';
import { LOCAL_PREFIX } from '../model/image-name.ts';
import type { Files } from '../ports.ts';
import { type Ignore, parseIgnore } from './ignore.ts';

export interface ContextEntry {
  /** Relative, with `/`. */
  readonly path: string;
  /** Permission to execute is all of the mode that Docker's users rely on; the rest differs from one machine to the next. */
  readonly isExecutable: boolean;
  /** sha256 of the content; for a symlink `->` and where it leads. */
  readonly content: string;
}

export interface BuildContext {
  readonly entries: readonly ContextEntry[];
  readonly bytes: number;
}

/** How many files are hashed at a time. */
const AT_ONCE = 16;
const TAG_LENGTH = 12;

/** Reads the context as Docker does: without what .dockerignore leaves out, but always with the Dockerfile. */
export async function readContext(folder: string, dockerfile: string, files: Files): Promise<BuildContext> {
  if ((await files.stat(join(folder, dockerfile)))?.kind !== 'file') throw dockerfileMissing(folder, dockerfile, await files.stat(folder) !== undefined);
  // A file named after the Dockerfile goes before the general one.
  const text = (await files.readText(join(folder, `${dockerfile}.dockerignore`))) ?? (await files.readText(join(folder, '.dockerignore'))) ?? '';
  const ignore = parseIgnore(text);
  const found = (await listTree(folder, '', { ignore, files })).filter(({ path }) => path === dockerfile || !ignore.isIgnored(path));
  const entries: ContextEntry[] = [];
  for (let start = 0; start < found.length; start += AT_ONCE) {
    entries.push(...await Promise.all(found.slice(start, start + AT_ONCE).map((file) => readEntry(folder, file, files))));
  }
  return { entries, bytes: found.reduce((sum, { size }) => sum + size, 0) };
}

export interface BuildInputs {
  readonly entries: readonly ContextEntry[];
  readonly dockerfile: string;
  readonly buildArgs: { readonly [name: string]: string };
}

/** The tag of the image that these inputs make: 12 hex digits. Pure; the order of entries and arguments does not matter. */
export function contentTag({ entries, dockerfile, buildArgs }: BuildInputs): string {
  const hash = createHash('sha256');
  // Each part with its length, so that no two different inputs are the same text.
  const add = (...parts: readonly string[]) => hash.update(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join(''));
  add('devstack-image-1', dockerfile);
  for (const name of Object.keys(buildArgs).sort()) add('arg', name, buildArgs[name] ?? '');
  const byPath = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const entry of byPath) add('file', entry.path, entry.isExecutable ? 'x' : '', entry.content);
  return hash.digest('hex').slice(0, TAG_LENGTH);
}

/**
 * `dev.local/<name>:<tag>`. Knative never looks up a tag of the host `dev.local` (it is in `registries-skipping-tag-resolving`), and a
 * tag other than `latest` makes Kubernetes take the image that is in the node.
 */
export function localImage(name: string, tag: string): string {
  return `${LOCAL_PREFIX}${name}:${tag}`;
}

/** The same image, called as what is taken from the registry at `host`. */
export function registryImage(image: string, host: string): string {
  return image.startsWith(LOCAL_PREFIX) ? `${host}/${image.slice(LOCAL_PREFIX.length)}` : image;
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly isLink: boolean;
}

async function listTree(root: string, below: string, io: { readonly ignore: Ignore; readonly files: Files }): Promise<readonly FoundFile[]> {
  const names = await io.files.list(join(root, below));
  const found: FoundFile[] = [];
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const stat = await io.files.stat(join(root, path));
    if (stat?.kind === 'directory' && !io.ignore.isIgnoredWhole(path)) found.push(...await listTree(root, path, io));
    // Sockets and devices are not part of a context.
    if (stat?.kind === 'file' || stat?.kind === 'symlink') found.push({ path, size: stat.size, mode: stat.mode, isLink: stat.kind === 'symlink' });
  }
  return found;
}

async function readEntry(root: string, { path, mode, isLink }: FoundFile, files: Files): Promise<ContextEntry> {
  const content = isLink ? `->${await files.readLink(join(root, path)) ?? ''}` : await files.sha256(join(root, path));
  // A file that went away between listing and reading: the builder will say so, if it matters.
  return { path, isExecutable: !isLink && (mode & 0o100) !== 0, content: content ?? '' };
}

function dockerfileMissing(folder: string, dockerfile: string, hasFolder: boolean) {
  if (!hasFolder) return usageError({ code: 'build-folder-missing', message: `${folder} does not exist`, hints: [{ text: 'start from a template', command: 'devstack new' }] });
  return usageError({
    code: 'dockerfile-missing', message: `there is no ${dockerfile} in ${folder}`, reason: 'without it nobody knows how to make an image of it',
    hints: [{ text: 'see one for your language in a template', command: 'devstack new --list' }],
  });
}
