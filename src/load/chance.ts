// What chance allows: whether a share that was seen can be the share that was asked for.

/** How often a true share may be called wrong: once in a thousand. */
const ERROR_RATE = 0.001;

/** The counts that are plausible when each of `total` falls to us with probability `share`: both ends inclusive. */
export function plausibleCounts(share: number, total: number): { readonly low: number; readonly high: number } {
  if (share <= 0) return { low: 0, high: 0 };
  if (share >= 1) return { low: total, high: total };
  let low = 0;
  let high = total;
  let below = 0;
  // One pass over the binomial distribution, each term from the one before, in logarithms: the first is 1e-4000 for large totals.
  let term = total * Math.log1p(-share);
  const odds = Math.log(share) - Math.log1p(-share);
  for (let count = 0; count <= total; count++) {
    const upTo = below + Math.exp(term);
    if (upTo <= ERROR_RATE / 2) low = count + 1;
    if (upTo >= 1 - ERROR_RATE / 2) {
      high = count;
      break;
    }
    below = upTo;
    term += Math.log((total - count) / (count + 1)) + odds;
  }
  return { low, high };
}

export function isPlausible(count: number, share: number, total: number): boolean {
  const { low, high } = plausibleCounts(share, total);
  return count >= low && count <= high;
}
