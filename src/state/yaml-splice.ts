// Changes to a YAML text by cutting and inserting, so that every byte that is not meant stays: comments, order, quotes, line ends.
import { failedError } from '../model/error.ts';
import type { Json, JsonObject } from '../model/json.ts';
import { at } from '../model/object.ts';
import type { Yaml, YamlEntry, YamlNode } from '../ports.ts';

export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text that is one map, with the places of its parts. */
export interface Sheet {
  readonly text: string;
  readonly root: YamlMap;
  readonly eol: string;
  readonly name: string;
  readonly yaml: Pick<Yaml, 'stringify' | 'parseAll'>;
}

type YamlMap = Extract<YamlNode, { kind: 'map' }>;
type YamlList = Extract<YamlNode, { kind: 'list' }>;

export function applySplices(text: string, splices: readonly Splice[]): string {
  // Equal places keep the order in which they were asked for: sort is stable.
  const sorted = [...splices].sort((a, b) => a.start - b.start);
  let result = '';
  let from = 0;
  for (const splice of sorted) {
    result += text.slice(from, splice.start) + splice.text;
    from = splice.end;
  }
  return result + text.slice(from);
}

export function entryOf(sheet: Sheet, key: string): YamlEntry | undefined {
  return sheet.root.entries.find((entry) => entry.key === key);
}

/** The text between the colon and the end of the value; undefined when there is no such key. */
export function rawValue(sheet: Sheet, key: string): string | undefined {
  const entry = entryOf(sheet, key);
  return entry === undefined ? undefined : sheet.text.slice(afterColon(sheet, entry), valueEnd(sheet, entry));
}

/** `raw` as `rawValue` gave it, maybe before another program wrote the text in another style. */
export function setRawValue(sheet: Sheet, key: string, words: string): Splice {
  const raw = fitting(sheet, words);
  const entry = entryOf(sheet, key);
  if (entry !== undefined) return { start: afterColon(sheet, entry), end: valueEnd(sheet, entry), text: raw };
  return insertKey(sheet, key, raw);
}

/** A value for `setRawValue`, on one line. */
export function scalarText(sheet: Sheet, value: string): string {
  return ` ${sheet.root.flow ? JSON.stringify(value) : sheet.yaml.stringify(value).trimEnd()}`;
}

/** Nothing, null or an empty list: a list begins where it is. */
export function isEmpty(node: YamlNode): boolean {
  return (node.kind === 'scalar' && node.value === null) || (node.kind === 'list' && node.flow && node.items.length === 0);
}

/** Puts an item first in the list `key`, which is made when there is none. */
export function insertItem(sheet: Sheet, key: string, item: JsonObject): Splice {
  const entry = entryOf(sheet, key);
  const inBrackets = ` [${JSON.stringify(item)}]`;
  if (entry === undefined) return insertKey(sheet, key, sheet.root.flow ? inBrackets : sheet.eol + itemLines(sheet, item, pad(sheet)));
  const { value } = entry;
  if (isEmpty(value) && !sheet.root.flow) return fillEmpty(sheet, entry, item);
  if (isEmpty(value)) return { start: afterColon(sheet, entry), end: valueEnd(sheet, entry), text: inBrackets };
  const list = listOf(sheet, entry);
  if (list.flow) return { start: list.start + 1, end: list.start + 1, text: `${JSON.stringify(item)}, ` };
  // Below the line of the key, above comments that belong to the item that was first so far.
  const below = lineEnd(sheet.text, entry.keyEnd);
  return { start: below, end: below, text: sheet.eol + itemLines(sheet, item, indentAt(sheet, list.items[0]?.start ?? below)) };
}

export function replaceItem(sheet: Sheet, key: string, index: number, item: JsonObject): Splice {
  const { list, start, value } = place(sheet, key, index);
  if (list.flow) return { start: value.start, end: value.end, text: JSON.stringify(item) };
  return { start: lineStart(sheet.text, start), end: contentLineEnd(sheet.text, value), text: itemLines(sheet, item, indentAt(sheet, start)) };
}

/**
 * Takes an item out. Of a list that is empty then, `raw` is what stands after the colon instead; null: the key goes too, unless
 * somebody has written comments below it.
 */
export function removeItem(sheet: Sheet, key: string, options: { readonly index: number; readonly raw: string | null }): readonly Splice[] {
  const raw = options.raw === null ? null : fitting(sheet, options.raw);
  const { list, start, value } = place(sheet, key, options.index);
  if (list.items.length > 1) return [list.flow ? cutFlow(sheet, value) : cutLines(sheet, start, value)];
  const entry = entryOf(sheet, key);
  if (entry === undefined) return [];
  if (list.flow) return raw === null ? [removeKey(sheet, entry)] : [{ start: afterColon(sheet, entry), end: list.end, text: raw }];
  const isAlone = sheet.text.slice(afterColon(sheet, entry), start).trim() === '';
  if (raw === null && isAlone) return [removeKey(sheet, entry)];
  const behind = afterColon(sheet, entry);
  return [{ start: behind, end: behind, text: raw ?? ' []' }, cutLines(sheet, start, value)];
}

/** Takes out a key with its value. */
export function removeKey(sheet: Sheet, entry: YamlEntry): Splice {
  if (sheet.root.flow) return cutFlow(sheet, { start: entry.start, end: entry.value.end });
  return cutLines(sheet, entry.start, entry.value);
}

/** What is between colon and value in one style may not do in the other: `"a":"b"`, `a: b`. */
function fitting(sheet: Sheet, raw: string): string {
  if (!sheet.root.flow) return raw === '' || /^\s/.test(raw) ? raw : ` ${raw}`;
  try {
    JSON.parse(raw);
    return raw;
  } catch {
    return ` ${JSON.stringify(at(sheet.yaml.parseAll(`x: ${raw}`, sheet.name)[0], 'x') ?? null)}`;
  }
}

// ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function place(sheet: Sheet, key: string, index: number) {
  const entry = entryOf(sheet, key);
  const list = entry === undefined ? undefined : listOf(sheet, entry);
  const item = list?.items[index];
  if (list === undefined || item === undefined) throw unclear(sheet, key);
  return { list, start: item.start, value: item.value };
}

function listOf(sheet: Sheet, entry: YamlEntry): YamlList {
  if (entry.value.kind === 'list') return entry.value;
  throw unclear(sheet, entry.key);
}

function afterColon(sheet: Sheet, entry: YamlEntry): number {
  const colon = sheet.text.indexOf(':', entry.keyEnd);
  if (colon < 0 || sheet.text.slice(entry.keyEnd, colon).trim() !== '') throw unclear(sheet, entry.key);
  return colon + 1;
}

/** A value that is not there ends where it would begin; the parser finds it behind a comment. */
function valueEnd(sheet: Sheet, entry: YamlEntry): number {
  return entry.value.start === entry.value.end ? afterColon(sheet, entry) : entry.value.end;
}

/** Before the first key: there is always a line behind it, also at the end of a text without a last line end. */
function insertKey(sheet: Sheet, key: string, raw: string): Splice {
  const { root, text } = sheet;
  if (root.flow) {
    const inside = root.start + 1;
    return { start: inside, end: inside, text: `${JSON.stringify(key)}:${raw}${root.entries.length === 0 ? '' : ', '}` };
  }
  const above = lineStart(text, root.start);
  if (text.slice(above, root.start).trim() !== '') throw unclear(sheet, key);
  return { start: above, end: above, text: `${pad(sheet)}${key}:${raw}${sheet.eol}` };
}

/** `clusters: []  # mine` → `clusters:  # mine` and the item below. */
function fillEmpty(sheet: Sheet, entry: YamlEntry, item: JsonObject): Splice {
  const start = afterColon(sheet, entry);
  const valueEnds = valueEnd(sheet, entry);
  const end = lineEnd(sheet.text, valueEnds);
  return { start, end, text: sheet.text.slice(valueEnds, end) + sheet.eol + itemLines(sheet, item, pad(sheet)) };
}

/** Whole lines from the one where it begins to the one where its content ends; at the end of the text, the line end before it. */
function cutLines(sheet: Sheet, start: number, value: YamlNode): Splice {
  const { text } = sheet;
  const from = lineStart(text, start);
  const to = contentLineEnd(text, value);
  if (to < text.length) return { start: from, end: afterLineEnd(text, to), text: '' };
  return { start: beforeLineEnd(text, from), end: to, text: '' };
}

/** With the comma and the one space behind it; of the last one, with the comma before it. */
function cutFlow(sheet: Sheet, value: { readonly start: number; readonly end: number }): Splice {
  const { text } = sheet;
  const after = /^\s*, ?/.exec(text.slice(value.end));
  if (after !== null) return { start: value.start, end: value.end + after[0].length, text: '' };
  const before = /,\s*$/.exec(text.slice(0, value.start));
  return { start: value.start - (before?.[0].length ?? 0), end: value.end, text: '' };
}

function itemLines(sheet: Sheet, item: JsonObject, indent: string): string {
  const lines = sheet.yaml.stringify(item as Json).trimEnd().split('\n');
  return lines.map((line, index) => indent + (index === 0 ? '- ' : '  ') + line).join(sheet.eol);
}

const pad = (sheet: Sheet): string => indentAt(sheet, sheet.root.start);

function indentAt(sheet: Sheet, offset: number): string {
  return sheet.text.slice(lineStart(sheet.text, offset), offset).replace(/\S/g, ' ');
}

/** Of the last line that holds something of the value; without comments and blank lines below it. */
function contentLineEnd(text: string, node: YamlNode): number {
  const end = contentEnd(node);
  return text[end - 1] === '\n' ? beforeLineEnd(text, end) : lineEnd(text, end);
}

function contentEnd(node: YamlNode): number {
  const isBlock = (node.kind === 'map' || node.kind === 'list') && !node.flow;
  const last = !isBlock ? undefined : (node.kind === 'map' ? node.entries : node.items).at(-1)?.value;
  return last === undefined ? node.end : contentEnd(last);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Before the CR or LF that ends the line. */
function lineEnd(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  return newline < 0 ? text.length : beforeLineEnd(text, newline + 1);
}

function beforeLineEnd(text: string, offset: number): number {
  const before = text[offset - 1] === '\n' ? offset - 1 : offset;
  return text[before - 1] === '\r' ? before - 1 : before;
}

function afterLineEnd(text: string, offset: number): number {
  return text.indexOf('\n', offset) + 1;
}

function unclear(sheet: Sheet, key: string): Error {
  return failedError({
    code: 'kubeconfig-unclear', message: `${sheet.name} is written in a way that devstack does not edit`, reason: `at "${key}"`,
    hints: [{ text: 'Use the file of the stack instead', command: 'eval "$(devstack env)"' }],
  });
}
