// Sources of a plan → objects: fetched, parsed, patched, with images rewritten. Parsed files are kept beside the download.
import { createHash } from 'node:crypto';
import { failedError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { ArtifactRef, ManifestSource, Patch } from '../model/plan.ts';
import type { ImageRule } from '../model/stack.ts';
import type { Artifacts, Files, Manifests, Yaml } from '../ports.ts';
import { imagesOf, rewriteImages } from './image.ts';
import { mergeRepeats, parseObjects } from './manifest.ts';
import { applyPatches } from './patch.ts';

export interface ManifestPorts {
  readonly artifacts: Artifacts;
  readonly files: Files;
  readonly yaml: Yaml;
}

/** Raised when the same YAML would be read differently: then kept results of before are of no use. */
const PARSER = 'yaml-2.9.1/1';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** First line: what it was made from and by, and its own hash; then the documents as JSON. */
function headOf(source: string, body: string): string {
  return JSON.stringify({ parser: PARSER, source: sha256(source), body: sha256(body) });
}

/** The kept documents, if they are whole and of this very text. */
function readKept(kept: string | undefined, source: string): readonly Json[] | undefined {
  const end = kept?.indexOf('\n') ?? -1;
  if (kept === undefined || end < 0) return undefined;
  const body = kept.slice(end + 1);
  return kept.slice(0, end) === headOf(source, body) ? (JSON.parse(body) as Json[]) : undefined;
}

class ManifestLoader implements Manifests {
  readonly #ports: ManifestPorts;
  /** Objects by the path of their file, which names its content. Also what is being parsed right now. */
  readonly #parsed = new Map<string, Promise<readonly KubeObject[]>>();

  constructor(ports: ManifestPorts) {
    this.#ports = ports;
  }

  async load(
    sources: readonly ManifestSource[], patches: readonly Patch[], imageRules: readonly ImageRule[], signal?: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    const lists = await Promise.all(sources.map((source) => ('objects' in source ? source.objects : this.#fetch(source.artifact, signal))));
    return rewriteImages(applyPatches(mergeRepeats(lists.flat()), patches), imageRules);
  }

  async images(...input: Parameters<Manifests['load']>): Promise<readonly string[]> {
    return imagesOf(await this.load(...input));
  }

  async #fetch(artifact: ArtifactRef, signal: AbortSignal | undefined): Promise<readonly KubeObject[]> {
    const path = await this.#ports.artifacts.fetch(artifact, signal === undefined ? {} : { signal });
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    const parsing = this.#parse(path, artifact.name);
    this.#parsed.set(path, parsing);
    parsing.catch(() => this.#parsed.delete(path));
    return parsing;
  }

  /** YAML takes 300 ms a megabyte, the same as JSON 10 ms. What is kept is only ever believed when its hashes are right. */
  async #parse(path: string, name: string): Promise<readonly KubeObject[]> {
    const { files, yaml } = this.#ports;
    const text = await files.readText(path);
    if (text === undefined) throw failedError({ code: 'manifest-missing', message: `${name}: ${path} does not exist` });
    const keptPath = `${path}.parsed.json`;
    const kept = readKept(await files.readText(keptPath).catch(() => undefined), text);
    if (kept !== undefined) return parseObjects(kept, name);
    const documents = yaml.parseAll(text, name);
    const objects = parseObjects(documents, name);
    const body = JSON.stringify(documents);
    // A cache that cannot be written (a full disk, a read-only folder) costs time, nothing else.
    await files.write(keptPath, `${headOf(text, body)}\n${body}`).catch(() => undefined);
    return objects;
  }
}

export function createManifests(ports: ManifestPorts): Manifests {
  return new ManifestLoader(ports);
}
