// YAML in and out. The only home of the yaml package.
import {
  type Alias, type Document, isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments,
  type Scalar, type ScalarTag, type Tags, visit, type YAMLMap, type YAMLSeq, Document as YamlDocument,
} from 'yaml';
import { type DevstackError, failedError } from '../model/error.ts';
import type { Json } from '../model/json.ts';
import type { Yaml, YamlNode } from '../ports.ts';

/** Upstream's largest manifests are below 2 MB. */
const MAX_CHARACTERS = 16 * 2 ** 20;
/** How many nodes all aliases of a document may stand for: an alias bomb ends here, before it takes memory. */
const MAX_ALIASES = 100;
const MAX_DEPTH = 200;

/**
 * kubectl and kind read YAML 1.1 as Go's package does: `yes` is true, `0400` and `0o400` are octal, but `1:30` and dates are text.
 * Left out is what has no JSON (binary, sets, ordered maps). Held to kubectl by test/host/yaml.e2e.test.ts.
 */
const GO_TAGS = new Set(['map', 'seq', 'str', 'null', 'bool', 'merge'].map((name) => `tag:yaml.org,2002:${name}`));

const GO_INT: ScalarTag = {
  identify: Number.isInteger, default: true, tag: 'tag:yaml.org,2002:int',
  test: /^[-+]?(?:0[xX]_*[0-9a-fA-F][0-9a-fA-F_]*|0[bB]_*[01][01_]*|0[oO]_*[0-7][0-7_]*|0[0-7_]*|[1-9][0-9_]*)$/,
  resolve(text) {
    const plain = text.replaceAll('_', '').replace(/^[-+]/, '');
    // JavaScript knows all of Go's prefixes but the oldest.
    const value = Number(/^0[0-7]/.test(plain) ? `0o${plain.slice(1)}` : plain);
    return text.startsWith('-') ? -value : value;
  },
};

const GO_FLOAT: ScalarTag = {
  identify: (value) => typeof value === 'number', default: true, tag: 'tag:yaml.org,2002:float',
  test: /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

function goTags(tags: Tags): Tags {
  const special = tags.find((tag) => typeof tag !== 'string' && tag.tag === GO_FLOAT.tag);
  const kept = tags.filter((tag) => typeof tag !== 'string' && GO_TAGS.has(tag.tag));
  return [...kept, GO_INT, GO_FLOAT, ...(special === undefined ? [] : [special])];
}

export function createYaml(): Yaml {
  return {
    parseAll(text, name) {
      const { documents, lines } = read(text, name, '1.1');
      return documents.filter((document) => document.contents !== null).map((document) => toJson(document, name, lines))
        .filter((value) => value !== null);
    },
    parse(text, name) {
      const { document, lines } = readOne(text, name, '1.2');
      const value = document === undefined ? null : toJson(document, name, lines);
      return { value, lineOf: (path) => (document === undefined ? undefined : lineOf(document, lines, path)) };
    },
    locate(text, name) {
      const { document, lines } = readOne(text, name, '1.1 with tokens');
      if (document === undefined || document.contents === null) return undefined;
      return { value: toJson(document, name, lines), node: locate(document.contents as Node, document) };
    },
    stringify,
  };
}

interface Read {
  readonly documents: readonly Document[];
  readonly lines: LineCounter;
}

type Reading = '1.1' | '1.2' | '1.1 with tokens';

function read(text: string, name: string, reading: Reading): Read {
  if (text.length > MAX_CHARACTERS) throw invalid(name, `it is larger than ${MAX_CHARACTERS / 2 ** 20} MiB`);
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      lineCounter: lines, keepSourceTokens: reading === '1.1 with tokens', prettyErrors: false, uniqueKeys: true, logLevel: 'error',
      ...(reading === '1.2' ? { version: '1.2' } : { version: '1.1', customTags: goTags }),
    });
    const list = Array.isArray(documents) ? documents : [];
    for (const document of list) checkDocument(document, name, lines);
    return { documents: list, lines };
  } catch (cause) {
    if (cause instanceof RangeError) throw invalid(name, 'it is nested too deeply');
    throw cause;
  }
}

function readOne(text: string, name: string, reading: Reading): { readonly document: Document | undefined; readonly lines: LineCounter } {
  const { documents, lines } = read(text, name, reading);
  const second = documents[1];
  if (second !== undefined) throw invalid(name, 'it holds more than one document', positionOf(second, lines));
  return { document: documents[0], lines };
}

function checkDocument(document: Document, name: string, lines: LineCounter): void {
  const [fault] = document.errors;
  if (fault !== undefined) throw invalid(name, fault.message, lines.linePos(fault.pos[0]));
  checkNode(document.contents, { document, name, lines, above: [document] });
}

interface Checking {
  readonly document: Document;
  readonly name: string;
  readonly lines: LineCounter;
  /** The nodes around this one. Grows and shrinks on the way: the package's own visit copies it for every node, a sixth of all time. */
  readonly above: unknown[];
}

function checkNode(node: unknown, checking: Checking): void {
  const { document, name, lines, above } = checking;
  if (isScalar(node)) {
    if (typeof node.value !== 'number' || Number.isFinite(node.value)) return;
    throw invalid(name, 'infinity and NaN have no JSON', positionOf(node, lines));
  }
  if (isAlias(node)) {
    // To resolve it is a walk through the whole document.
    const mayLoop = above.some((outer) => isCollection(outer) && outer.anchor === node.source);
    const target = mayLoop ? node.resolve(document) : undefined;
    if (target !== undefined && above.includes(target)) throw invalid(name, 'an alias stands inside of what it means', positionOf(node, lines));
    return;
  }
  const items = isMap(node) || isSeq(node) ? node.items : isPair(node) ? [node.key, node.value] : [];
  if (items.length > 0 && above.length > MAX_DEPTH) throw invalid(name, 'it is nested too deeply', isSeq(node) ? positionOf(node, lines) : undefined);
  // A key of this name would change the prototype of objects that it is copied into.
  if (isPair(node) && isScalar(node.key) && node.key.value === '__proto__') {
    throw invalid(name, 'the key __proto__ is not allowed', positionOf(node.key, lines));
  }
  above.push(node);
  for (const item of items) checkNode(item, checking);
  above.pop();
}

function toJson(document: Document, name: string, lines: LineCounter): Json {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
  } catch (cause) {
    throw invalid(name, cause instanceof Error ? cause.message : String(cause), positionOf(document, lines));
  }
}

function positionOf(node: { readonly range?: readonly [number, number, number] | null | undefined }, lines: LineCounter) {
  return node.range === undefined || node.range === null ? undefined : lines.linePos(node.range[0]);
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  // A value that is missing is told at the nearest thing around it that is there.
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const line = keyLine(document, lines, path.slice(0, length)) ?? positionOf((node ?? {}) as Node, lines)?.line;
    if (line !== undefined) return line;
  }
  return undefined;
}

/** A value below its key is told at the key. */
function keyLine(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last));
  return pair === undefined || !isScalar(pair.key) ? undefined : positionOf(pair.key, lines)?.line;
}

function locate(node: Node, document: Document): YamlNode {
  const [start, end] = node.range ?? [0, 0];
  if (isMap(node)) return locateMap(node, document);
  if (isSeq(node)) return locateList(node, document);
  const anchored = isAlias(node) ? node.resolve(document) : node;
  return { kind: isAlias(node) ? 'alias' : 'scalar', start, end, value: isScalar(anchored) ? (anchored.value as Json) : null };
}

function locateMap(node: YAMLMap, document: Document): YamlNode {
  const [start, end] = node.range ?? [0, 0];
  const entries = (node.items as readonly Pair<Scalar | Alias, Node | null>[]).map((pair) => ({
    key: isScalar(pair.key) ? String(pair.key.value) : '',
    start: pair.key.range?.[0] ?? start,
    keyEnd: pair.key.range?.[1] ?? start,
    value: pair.value === null ? empty(pair.key.range?.[1] ?? start) : locate(pair.value, document),
  }));
  return { kind: 'map', start, end, flow: node.flow === true, entries };
}

function locateList(node: YAMLSeq, document: Document): YamlNode {
  const [start, end] = node.range ?? [0, 0];
  const source = node.srcToken?.type === 'block-seq' ? node.srcToken.items : [];
  const items = (node.items as readonly Node[]).map((item, index) => {
    const dash = source[index]?.start.find((token) => token.type === 'seq-item-ind');
    return { start: dash?.offset ?? item.range?.[0] ?? start, value: locate(item, document) };
  });
  return { kind: 'list', start, end, flow: node.flow === true, items };
}

/** `{ a, b }` and `? a`: a key and no more. */
function empty(at: number): YamlNode {
  return { kind: 'scalar', start: at, end: at, value: null };
}

/** Plain only where every reader of YAML 1.1 and 1.2 sees a string; quoted otherwise. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+=-]*(?::[A-Za-z0-9_./@+=-]+)*$/;
const WORDS_OF_YAML = /^(?:y|yes|n|no|on|off|true|false|null)$/i;

function stringify(value: Json): string {
  const document = new YamlDocument(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string' || node.value.includes('\n')) return;
      node.type = PLAIN.test(node.value) && !WORDS_OF_YAML.test(node.value) ? 'PLAIN' : 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 });
}

function invalid(name: string, reason: string, at?: { readonly line: number; readonly col: number }): DevstackError {
  const place = at === undefined ? name : `${name}:${at.line}:${at.col}`;
  return failedError({
    code: 'yaml-invalid', message: `${place} is not valid YAML`, reason,
    details: at === undefined ? { name } : { name, line: at.line, column: at.col },
  });
}
