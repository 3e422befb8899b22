// The mark that devstack leaves in a user's kubeconfig: an extension of each of its entries, which kubectl keeps. Pure.
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { arrayAt, at, stringAt } from '../model/object.ts';

/** Name of the extension. Never change it: files of users carry it. */
export const MARK = 'devstack.dev';

export const SECTIONS = [{ list: 'clusters', field: 'cluster' }, { list: 'users', field: 'user' }, { list: 'contexts', field: 'context' }] as const;
export type Section = (typeof SECTIONS)[number];

/** What stands where, in the words of the file; null: the key was not there. */
export interface Before {
  readonly raw: { readonly [key: string]: string | null };
  readonly file: 'absent' | 'present';
}

/** The current context before ours: first those of other stacks, the newest first, then what the user had. */
export interface Previous {
  readonly stacks: readonly string[];
  readonly raw: string | null;
}

export interface Mark {
  readonly stack: string;
  readonly before: Before;
  readonly previous: Previous | undefined;
}

export interface Marked {
  /** Of the context. */
  readonly name: string;
  readonly mark: Mark;
}

function extensionOf(item: Json, section: Section): Json | undefined {
  return at(arrayAt(item, section.field, 'extensions').find((one) => stringAt(one, 'name') === MARK), 'extension');
}

/** The stack that an item belongs to. */
export function markOf(item: Json, section: Section): string | undefined {
  return stringAt(extensionOf(item, section), 'stack');
}

/** Marks of all stacks, as their contexts have them. What somebody has damaged counts as not noted. */
export function marksOf(config: Json): readonly Marked[] {
  return arrayAt(config, 'contexts').flatMap((item) => {
    const extension = extensionOf(item, SECTIONS[2]);
    const [stack, name] = [stringAt(extension, 'stack'), stringAt(item, 'name')];
    if (stack === undefined || name === undefined) return [];
    const raw = at(extension, 'before', 'raw');
    const stacks = arrayAt(extension, 'previous', 'stacks').filter((one) => typeof one === 'string');
    const previous = at(extension, 'previous');
    const file = stringAt(extension, 'before', 'file') === 'absent' ? 'absent' : 'present';
    const before: Before = { raw: isJsonObject(raw) ? rawMap(raw) : {}, file };
    return [{ name, mark: { stack, before, previous: previous === undefined ? undefined : { stacks, raw: stringAt(previous, 'raw') ?? null } } }];
  });
}

function rawMap(raw: JsonObject): { readonly [key: string]: string | null } {
  return Object.fromEntries(Object.entries(raw).flatMap(([key, value]) => (typeof value === 'string' || value === null ? [[key, value]] : [])));
}

/** The item, with the mark in it in the place of any other of ours. */
export function withMark(item: JsonObject, section: Section, mark: Mark): JsonObject {
  const value = at(item, section.field);
  const others = arrayAt(value, 'extensions').filter((extension) => stringAt(extension, 'name') !== MARK);
  const { stack, before, previous } = mark;
  const back = previous === undefined ? {} : { previous: { stacks: previous.stacks, raw: previous.raw } };
  const extension: JsonObject = section.field === 'context' ? { stack, before: { raw: before.raw, file: before.file }, ...back } : { stack };
  return { ...item, [section.field]: { ...(isJsonObject(value) ? value : {}), extensions: [...others, { name: MARK, extension }] } };
}
