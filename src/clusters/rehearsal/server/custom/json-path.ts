// The little of JSONPath that printer columns and scale paths use: `.a.b`, `.list[0]`, `.list[?(@.type=="Ready")].status`, `.a['b.c']`.
import { isJsonObject, type Json } from '../../../../model/json.ts';

type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly Step[]; readonly operator: string; readonly value: string };

const TOKEN = /\.((?:\\.|[^.[\]\\])+)|\[\s*'((?:\\.|[^'\\])*)'\s*\]|\[\s*"((?:\\.|[^"\\])*)"\s*\]|\[\s*(-?\d+)\s*\]|\[\s*(\*)\s*\]|\[\?\(\s*@((?:\.[\w-]+)+)\s*(==|!=)\s*['"]?([^'")]*)['"]?\s*\)\]/gy;

function parse(path: string): readonly Step[] {
  const steps: Step[] = [];
  for (const match of path.replace(/^\{|\}$/g, '').replace(/^\$/, '').matchAll(TOKEN)) {
    const [, dotted, single, double, index, star, filter, operator, value] = match;
    const name = dotted ?? single ?? double;
    if (name !== undefined) steps.push({ kind: 'field', name: name.replace(/\\(.)/g, '$1') });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (star !== undefined) steps.push({ kind: 'all' });
    else if (filter !== undefined) steps.push({ kind: 'filter', path: parse(filter), operator: operator ?? '==', value: value ?? '' });
  }
  return steps;
}

function advance(value: Json, step: Step): readonly Json[] {
  if (step.kind === 'field') return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name] ?? null] : [];
  const list: readonly Json[] = Array.isArray(value) ? value : step.kind === 'all' && isJsonObject(value) ? Object.values(value) : [];
  if (step.kind === 'all') return list;
  if (step.kind === 'index') {
    const found = list[step.index < 0 ? list.length + step.index : step.index];
    return found === undefined ? [] : [found];
  }
  return list.filter((item) => (String(follow([item], step.path)[0] ?? '') === step.value) === (step.operator === '=='));
}

function follow(values: readonly Json[], steps: readonly Step[]): readonly Json[] {
  return steps.reduce<readonly Json[]>((current, step) => current.flatMap((value) => advance(value, step)), values);
}

/** All values at the path; empty when there is none. */
export function valuesAt(object: Json, path: string): readonly Json[] {
  return follow([object], parse(path));
}
