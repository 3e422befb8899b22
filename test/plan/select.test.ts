import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Addon } from '../../src/addons/addon.ts';
import { addons, findAddon } from '../../src/addons/index.ts';
import { knownNames } from '../../src/addons/known-name.ts';
import { isDevstackError } from '../../src/model/error.ts';
import { needsOf, type Selection, selectAddons, type Wish } from '../../src/plan/select.ts';

const ingresses = addons.flatMap((addon) => addon.ingress?.id ?? []);
const names = addons.flatMap((addon) => [addon.id, ...addon.aliases ?? []]);
const wishes = fc.record({
  addons: fc.array(fc.constantFrom(...names), { maxLength: 8 }), ingress: fc.constantFrom(...ingresses), versions: fc.constant({}),
});

const offers = (addon: Addon, need: string) => addon.id === need || addon.provides.includes(need);
const ids = (selection: Selection) => selection.addons.map((addon) => addon.id);

/** What comes of a wish: a selection, or the whole error. */
function outcome(wish: Wish): unknown {
  try {
    const { addons: chosen, versions, notes } = selectAddons(wish);
    return { ids: chosen.map(({ id }) => id), versions, notes };
  } catch (error) {
    if (!isDevstackError(error)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** A selection, or undefined for a wish with a conflict. Anything else fails the test. */
function selectionOf(wish: Wish): Selection | undefined {
  try {
    return selectAddons(wish);
  } catch (error) {
    if (isDevstackError(error) && error.code === 'addon-conflict') return undefined;
    throw error;
  }
}

const wish = (...wished: string[]): Wish => ({ addons: wished, ingress: 'kourier', versions: {} });

describe('selectAddons, for every wish', () => {
  test('order and duplicates never matter', () => {
    fc.assert(fc.property(wishes, fc.nat(), (one, seed) => {
      const doubled = [...one.addons, ...one.addons];
      const shuffled = doubled.map((name, index) => ({ name, key: (index * 7919 + seed) % 101 })).sort((a, b) => a.key - b.key).map(({ name }) => name);
      expect(outcome({ ...one, addons: shuffled })).toEqual(outcome(one));
    }));
  });

  test('is closed under needs and wants, holds the wish, and has no conflict', () => {
    fc.assert(fc.property(wishes, (one) => {
      const chosen = selectionOf(one)?.addons;
      if (chosen === undefined) return;
      for (const name of one.addons) expect(chosen).toContain(findAddon(name));
      for (const addon of chosen) {
        for (const need of [...addon.needs, ...addon.wants]) expect(chosen.filter((other) => offers(other, need)).length, `${addon.id} needs ${need}`).toBe(1);
        expect(chosen.filter((other) => other !== addon && addon.conflicts.some((conflict) => offers(other, conflict)))).toEqual([]);
      }
    }));
  });

  test('installs what is needed first', () => {
    fc.assert(fc.property(wishes, (one) => {
      const chosen = selectionOf(one)?.addons ?? [];
      for (const [index, addon] of chosen.entries()) {
        for (const other of needsOf(addon, chosen)) expect(chosen.indexOf(other), `${other.id} before ${addon.id}`).toBeLessThan(index);
      }
    }));
  });

  test('what it selects selects itself', () => {
    fc.assert(fc.property(wishes, (one) => {
      const first = selectionOf(one);
      if (first === undefined) return;
      expect(outcome({ ...one, addons: ids(first) })).toEqual({ ids: ids(first), versions: first.versions, notes: first.notes });
    }));
  });

  test('adds nothing that nobody needs', () => {
    fc.assert(fc.property(wishes, (one) => {
      const chosen = selectionOf(one)?.addons ?? [];
      const wished = new Set(one.addons.map(findAddon));
      const idle = chosen.filter((addon) => !wished.has(addon) && !chosen.some((other) => [...other.needs, ...other.wants].some((need) => offers(addon, need))));
      expect(idle).toEqual([]);
    }));
  });
});

describe('selectAddons', () => {
  test.each([
    ['kourier', ['knative-serving', 'kourier']],
    ['istio', ['knative-serving', 'istio', 'net-istio']],
    ['contour', ['knative-serving', 'contour', 'net-contour']],
    ['gateway-api', ['knative-serving', 'gateway-api', 'istio', 'net-gateway-api']],
  ])('--ingress %s', (ingress, expected) => {
    expect(ids(selectAddons({ ...wish('serving'), ingress }))).toEqual(expected);
  });

  test('the HPA class brings metrics', () => {
    expect(ids(selectAddons(wish('hpa')))).toEqual(['knative-serving', 'kourier', 'metrics-server', 'knative-hpa']);
  });

  test('an ingress that is named as an addon is the ingress', () => {
    expect(ids(selectAddons(wish('serving', 'net-contour')))).toEqual(['knative-serving', 'contour', 'net-contour']);
  });

  test('two ingresses are refused', () => {
    expect(() => selectAddons(wish('kourier', 'net-istio'))).toThrow(expect.objectContaining({ code: 'addon-conflict', exit: 2 }));
  });

  test('an unknown addon or ingress is refused with what there is', () => {
    expect(() => selectAddons(wish('evening'))).toThrow(expect.objectContaining({ code: 'addon-unknown', exit: 2, reason: expect.stringContaining('knative-eventing') }));
    expect(() => selectAddons({ ...wish(), ingress: 'nginx' })).toThrow(expect.objectContaining({ code: 'ingress-unknown', reason: expect.stringContaining('contour') }));
  });

  test.each(knownNames.map((known) => [known.id, known] as const))('%s is refused with its date and what to take instead', (id, known) => {
    for (const asked of [wish(id), { ...wish('serving'), ingress: id }]) {
      expect(() => selectAddons(asked)).toThrow(expect.objectContaining({
        exit: 2, code: expect.stringMatching(/^addon-/), reason: known.reason, hints: known.instead, details: { id, status: known.status, date: known.date },
      }));
    }
    expect(known.date).toMatch(/^\d{4}(-\d\d){0,2}$/);
    expect(known.instead.length).toBeGreaterThan(0);
    expect(findAddon(id)).toBeUndefined();
  });
});

describe('versions', () => {
  test('the Gateway API is the set that Knative was tested with as soon as Knative uses it', () => {
    expect(selectAddons(wish('gateway-api')).versions).toEqual({ 'gateway-api': '1.6.1' });
    expect(selectAddons({ ...wish('serving', 'gateway-api'), ingress: 'gateway-api' }).versions).toMatchObject({ 'gateway-api': '1.4.1-experimental' });
  });

  test('a component moves all its parts', () => {
    const { versions, notes } = selectAddons({ ...wish('serving', 'eventing'), versions: { knative: '1.24.0' } });
    expect(versions).toEqual({ 'knative-serving': '1.24.0', kourier: '1.24.0', 'knative-eventing': '1.24.0' });
    expect(notes).toContain('nobody tested Knative Serving 1.24.0 with this devstack (it knows 1.23.0); its files are pinned on first use');
  });

  test('what has no files promises no pin', () => {
    expect(selectAddons({ ...wish('dashboard'), versions: { headlamp: '0.45.0' } }).notes).toEqual(['nobody tested Dashboard (Headlamp) 0.45.0 with this devstack (it knows 0.44.0)']);
  });

  test('the tested versions need no word, others get one', () => {
    expect(selectAddons({ ...wish('serving'), ingress: 'contour' }).notes).toEqual([]);
    expect(selectAddons({ ...wish('serving'), ingress: 'gateway-api' }).notes).toEqual([
      'Gateway API ingress for Knative 1.23.0 was tested with Istio 1.28.2; with 1.29.2 nobody tested it',
    ]);
    expect(selectAddons({ ...wish('serving'), ingress: 'gateway-api', versions: { 'gateway-api': '1.6.1' } }).notes).toContain(
      'Gateway API ingress for Knative 1.23.0 was tested with Gateway API 1.4.1-experimental; with 1.6.1 nobody tested it',
    );
  });

  test('parts of different releases get a word', () => {
    expect(selectAddons({ ...wish('serving'), versions: { kourier: '1.22.0' } }).notes.join('\n')).toContain('Knative Serving 1.23.0, Kourier ingress 1.22.0 are of different releases');
  });

  test('a version that cannot be had is refused', () => {
    expect(() => selectAddons({ ...wish('istio'), versions: { istio: '1.31.1' } })).toThrow(expect.objectContaining({ code: 'version-unavailable', reason: 'there is 1.29.2' }));
  });

  test.each(['../../evil', '1.24', 'latest', '1.24.0/../../x', '1.24.0?x=1'])('%j never becomes part of an address', (version) => {
    expect(() => selectAddons({ ...wish('serving'), versions: { knative: version } })).toThrow(expect.objectContaining({ code: 'version-invalid' }));
  });
});

describe('the table', () => {
  test('every need is offered, every id and alias is one addon\'s', () => {
    for (const addon of addons) {
      for (const need of [...addon.needs, ...addon.wants]) expect(addons.some((other) => offers(other, need)), `${addon.id} needs ${need}`).toBe(true);
    }
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => knownNames.some((known) => known.id === name))).toEqual([]);
  });
});
