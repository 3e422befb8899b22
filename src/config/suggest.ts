// Did you mean: the nearest of the known words.

/** Longer input is no typing error, and comparing it would cost time that an attacker chooses. */
const MAX_LENGTH = 64;

/** Edits (insert, delete, replace, swap of neighbours) that make one word of the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      const replaced = (last[j - 1] ?? 0) + (same ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swapped));
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The known word that was probably meant, or undefined when none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > MAX_LENGTH) return undefined;
  const wanted = word.toLowerCase();
  const started = wanted.length < 3 ? [] : known.filter((candidate) => candidate.startsWith(wanted) || candidate.endsWith(`-${wanted}`));
  if (started.length === 1) return started[0];
  const limit = wanted.length <= 3 ? 1 : Math.ceil(wanted.length / 3);
  const ranked = known.map((candidate) => ({ candidate, edits: distance(wanted, candidate) })).filter(({ edits }) => edits <= limit);
  return ranked.sort((left, right) => left.edits - right.edits)[0]?.candidate;
}
