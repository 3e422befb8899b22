// Entries of a stack in a kubeconfig that belongs to the user: in and out again, by text. Pure.
//
// What is ours is marked in the file itself, by an extension that kubectl keeps: the mark of a context also says how the file was
// before, so that taking the last entry out leaves the bytes that were there.

import { failedError, preconditionError } from '../model/error.ts';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { clusterName } from '../model/label.ts';
import { arrayAt, stringAt } from '../model/object.ts';
import type { Yaml } from '../ports.ts';
import { type Before, MARK, type Mark, type Marked, markOf, marksOf, type Previous, SECTIONS, type Section, withMark } from './kubeconfig-mark.ts';
import { applySplices, entryOf, insertItem, isEmpty, rawValue, removeItem, removeKey, replaceItem, type Sheet, type Splice, scalarText, setRawValue } from './yaml-splice.ts';

const CURRENT = 'current-context';
const BOM = '\uFEFF';
/** Over so many stacks that are gone the current context finds its way back; then to what the user had. */
const MAX_STEPS_BACK = 8;

export interface KubeconfigText {
  /** Undefined: there is no such file. */
  readonly text: string | undefined;
  /** For messages. */
  readonly name: string;
  readonly yaml: Yaml;
}

/** The entries of the current context of a kubeconfig (the stack's own), ready to be put into another. */
export interface StackEntries {
  readonly stack: string;
  readonly context: string;
  readonly items: { readonly [list in Section['list']]: JsonObject };
}

/** Throws `kubeconfig-invalid` when the text has no usable current context. */
export function readEntries(stack: string, source: { readonly text: string; readonly name: string; readonly yaml: Yaml }): StackEntries {
  const config = source.yaml.parseAll(source.text, source.name)[0];
  const context = stringAt(config, CURRENT) || stringAt(arrayAt(config, 'contexts')[0], 'name');
  const contexts = named(config, 'contexts', context);
  const clusters = named(config, 'clusters', stringAt(contexts, 'context', 'cluster'));
  const users = named(config, 'users', stringAt(contexts, 'context', 'user'));
  if (context === undefined || contexts === undefined || clusters === undefined || users === undefined) {
    throw failedError({
      code: 'kubeconfig-invalid', message: `${source.name} has no context with a cluster and a user`,
      hints: [{ text: 'Write it again', command: `devstack env ${stack}` }],
    });
  }
  return { stack, context, items: { contexts, clusters, users } };
}

/** The text with the entries in it; the same text when they are there already. */
export function mergeEntries(source: KubeconfigText, entries: StackEntries, use: boolean): string {
  const { body, bom } = withoutBom(source.text ?? '');
  const { sheet, config } = read(body, source);
  if (sheet === undefined || sheet.root.entries.length === 0) return bom + fromNothing(source, sheet, { entries, use, body });
  const mark = markFor(sheet, config, { entries, use, file: source.text === undefined ? 'absent' : 'present' });
  const splices = SECTIONS.flatMap((section) => putItem(sheet, config, { section, entries, mark }));
  if (use && stringAt(config, CURRENT) !== entries.context) splices.push(setRawValue(sheet, CURRENT, scalarText(sheet, entries.context)));
  const text = applySplices(body, splices);
  checkForeign(source, { before: config, after: text, isOurs: (item, { list }) => stringAt(item, 'name') === stringAt(entries.items[list], 'name') });
  return bom + text;
}

export interface Unmerged {
  readonly text: string;
  readonly removed: boolean;
  /** There was no file before devstack's entries, and nothing else is in it. */
  readonly isObsolete: boolean;
}

/** Takes out what carries the mark of the stack, and nothing else. */
export function unmergeEntries(source: KubeconfigText & { readonly text: string }, stack: string): Unmerged {
  const { body, bom } = withoutBom(source.text);
  const isOurs = (item: Json, section: Section): boolean => markOf(item, section) === stack;
  let text = body;
  let isFileOurs = false;
  // Once; more often only if somebody has copied a marked entry under another name.
  for (let isLeft = text.includes(MARK); isLeft;) {
    const { sheet, config } = read(text, source);
    const splices = sheet === undefined ? [] : removal(sheet, config, stack);
    if (splices.length === 0) break;
    isFileOurs ||= marksOf(config).some(({ mark }) => mark.stack === stack && mark.before.file === 'absent');
    text = applySplices(text, splices);
    // To read a large file is what takes the time: what the check has read tells as well whether anything is left.
    const after = checkForeign(source, { before: config, after: text, isOurs });
    isLeft = SECTIONS.some((section) => arrayAt(after, section.list).some((item) => isOurs(item, section)));
  }
  return { text: bom + text, removed: text !== body, isObsolete: isFileOurs && text.trim() === '' };
}

// ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Merging {
  readonly entries: StackEntries;
  readonly use: boolean;
}

/** An empty file, `{}`, or one with comments alone: they stay below. */
function fromNothing(source: KubeconfigText, sheet: Sheet | undefined, { entries, use, body }: Merging & { readonly body: string }): string {
  const raw = Object.fromEntries(['apiVersion', 'kind', ...SECTIONS.map(({ list }) => list)].map((key) => [key, null]));
  const mark: Mark = {
    stack: entries.stack, before: { raw, file: source.text === undefined ? 'absent' : 'present' },
    previous: use ? { stacks: [], raw: null } : undefined,
  };
  const lists = Object.fromEntries(SECTIONS.map((section) => [section.list, [withMark(entries.items[section.list], section, mark)]]));
  const content: JsonObject = { apiVersion: 'v1', kind: 'Config', ...lists, ...(use ? { [CURRENT]: entries.context } : {}) };
  if (sheet !== undefined) {
    const inside = sheet.root.start + 1;
    return applySplices(body, [{ start: inside, end: inside, text: JSON.stringify(content).slice(1, -1) }]);
  }
  if (/^(?:---|%)/m.test(body)) throw unclear(source.name, 'it holds an empty document');
  const text = source.yaml.stringify(content);
  return (body.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text) + body;
}

function putItem(sheet: Sheet, config: Json, { section, entries, mark }: { section: Section; entries: StackEntries; mark: Mark }): Splice[] {
  const wanted = entries.items[section.list];
  const name = stringAt(wanted, 'name') ?? '';
  const index = arrayAt(config, section.list).findIndex((item) => stringAt(item, 'name') === name);
  const ours = withMark(entries.items[section.list], section, mark);
  if (index < 0) return [insertItem(sheet, section.list, ours)];
  const present = arrayAt(config, section.list)[index] ?? null;
  if (canonicalJson(present) === canonicalJson(ours)) return [];
  const isOurs = markOf(present, section) === entries.stack || name.includes(clusterName(entries.stack));
  if (isOurs) return [replaceItem(sheet, section.list, index, ours)];
  // Somebody else's, and the same: a stack in a cluster that devstack did not make.
  if (canonicalJson(present) === canonicalJson(wanted)) return [];
  throw preconditionError({
    code: 'kubeconfig-conflict', message: `${sheet.name} has another ${section.field} named ${name}`,
    reason: 'it is not from this stack, so devstack leaves it alone',
    hints: [{ text: 'Use the file of the stack instead', command: `eval "$(devstack env ${entries.stack})"` }],
  });
}

function markFor(sheet: Sheet, config: Json, options: Merging & { readonly file: Before['file'] }): Mark {
  const { entries, use, file } = options;
  const marks = marksOf(config);
  const own = marks.find(({ mark }) => mark.stack === entries.stack)?.mark;
  const previous = previousOf({ sheet, config, marks, own, use, context: entries.context });
  return { stack: entries.stack, before: own?.before ?? beforeOf(sheet, marks, file), previous };
}

/** What another stack has noted goes on to the next one, whichever leaves last. */
function beforeOf(sheet: Sheet, marks: readonly Marked[], file: Before['file']): Before {
  const raw: { [key: string]: string | null } = {};
  for (const { mark } of marks) Object.assign(raw, mark.before.raw);
  for (const { list } of SECTIONS) {
    const entry = entryOf(sheet, list);
    if (entry === undefined) raw[list] = null;
    else if (isEmpty(entry.value)) raw[list] = rawValue(sheet, list) ?? null;
  }
  return { raw, file: marks[0]?.mark.before.file ?? file };
}

interface Turning {
  readonly sheet: Sheet;
  readonly config: Json;
  readonly marks: readonly Marked[];
  readonly own: Mark | undefined;
  readonly use: boolean;
  readonly context: string;
}

function previousOf({ sheet, config, marks, own, use, context }: Turning): Previous | undefined {
  const current = stringAt(config, CURRENT);
  if (!use || current === context) return own?.previous;
  const other = marks.find((marked) => marked.name === current);
  // A stack's own context is no place to go back to for the user: its predecessor is.
  if (other?.mark.previous !== undefined) {
    const { stacks, raw } = other.mark.previous;
    return { stacks: [other.name, ...stacks].filter((name) => name !== context).slice(0, MAX_STEPS_BACK), raw };
  }
  return { stacks: [], raw: rawValue(sheet, CURRENT) ?? null };
}

// ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

function removal(sheet: Sheet, config: Json, stack: string): readonly Splice[] {
  const own = marksOf(config).find(({ mark }) => mark.stack === stack);
  const raw = own?.mark.before.raw ?? {};
  const splices = SECTIONS.flatMap((section) => {
    const index = arrayAt(config, section.list).findIndex((item) => markOf(item, section) === stack);
    const words = section.list in raw ? (raw[section.list] ?? null) : ' []';
    return index < 0 ? [] : removeItem(sheet, section.list, { index, raw: words });
  });
  if (own === undefined) return splices;
  const back = currentBack(sheet, config, own);
  const isCurrentGone = back?.text === '';
  const left = sheet.root.entries.filter(({ key }) => !(key === CURRENT ? isCurrentGone : raw[key] === null && isLeaving(config, key, stack)));
  // What devstack wrote around its entries when there was nothing goes with the last of them.
  const isNothingLeft = left.every(({ key }) => raw[key] === null && (key === 'apiVersion' || key === 'kind'));
  return [...splices, ...(back === undefined ? [] : [back]), ...(isNothingLeft ? left.map((entry) => removeKey(sheet, entry)) : [])];
}

function isLeaving(config: Json, list: string, stack: string): boolean {
  const section = SECTIONS.find((one) => one.list === list);
  const items = arrayAt(config, list);
  return section !== undefined && items.length === 1 && markOf(items[0] ?? null, section) === stack;
}

/** Only while it is still ours: whoever has chosen another context since keeps it. */
function currentBack(sheet: Sheet, config: Json, own: Marked): Splice | undefined {
  const { previous } = own.mark;
  const entry = entryOf(sheet, CURRENT);
  if (entry === undefined || stringAt(config, CURRENT) !== own.name) return undefined;
  // One that has come back without being used knows no way further back, and what the user had would be lost with it.
  const marks = marksOf(config).filter(({ mark }) => mark.previous !== undefined);
  const next = previous?.stacks.find((name) => name !== own.name && marks.some((marked) => marked.name === name));
  if (next !== undefined) return setRawValue(sheet, CURRENT, scalarText(sheet, next));
  return previous?.raw === null ? removeKey(sheet, entry) : setRawValue(sheet, CURRENT, previous?.raw ?? ' ""');
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function named(config: Json | undefined, list: Section['list'], name: string | undefined): JsonObject | undefined {
  const found = arrayAt(config, list).find((item) => stringAt(item, 'name') === name);
  return name !== undefined && isJsonObject(found) ? found : undefined;
}

function withoutBom(text: string): { readonly body: string; readonly bom: string } {
  return text.startsWith(BOM) ? { body: text.slice(1), bom: BOM } : { body: text, bom: '' };
}

interface Read {
  /** Undefined: there is nothing but comments. */
  readonly sheet: Sheet | undefined;
  readonly config: Json;
}

const NOTHING: Read = { sheet: undefined, config: null };

function read(text: string, source: KubeconfigText): Read {
  const located = source.yaml.locate(text, source.name);
  if (located === undefined) return NOTHING;
  if (located.node.kind !== 'map') throw unclear(source.name, 'it is not a map');
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  return { sheet: { text, root: located.node, eol, name: source.name, yaml: source.yaml }, config: located.value };
}

interface Edit {
  readonly before: Json;
  readonly after: string;
  isOurs(item: Json, section: Section): boolean;
}

/**
 * The last look before a file of somebody else's is written: all that is not ours must mean the same as before. However oddly the
 * file is written, the worst that an edit does is not to happen. Returns what the text means after the edit.
 */
function checkForeign(source: KubeconfigText, edit: Edit): Json | undefined {
  const after = source.yaml.parseAll(edit.after, source.name)[0];
  if (canonicalJson(foreign(edit.before, edit)) !== canonicalJson(foreign(after, edit))) throw unclear(source.name, 'an edit would change entries of others');
  return after;
}

/** An absent list, an empty one and null mean the same. */
function foreign(config: Json | undefined, edit: Edit): JsonObject {
  const lists = SECTIONS.map((section) => [section.list, arrayAt(config, section.list).filter((item) => !edit.isOurs(item, section))] as const);
  return { apiVersion: 'v1', kind: 'Config', ...(isJsonObject(config) ? config : {}), ...Object.fromEntries(lists), [CURRENT]: null };
}

function unclear(name: string, reason: string): Error {
  return failedError({
    code: 'kubeconfig-unclear', message: `${name} is written in a way that devstack does not edit`, reason,
    hints: [{ text: 'Use the file of the stack instead', command: 'eval "$(devstack env)"' }],
  });
}
