// Quantum lights on a 3 × 3 board, without a page: pure, so that it can be tested.
// A press flips a lamp and its neighbours. A lamp in superposition (null) is measured instead: it falls to on or off by chance.
// On three by three every pattern of lamps can be solved, so chance never makes a game that cannot be won.

export const SIZE = 3;

/** The pressed lamp and those beside it. */
export function touched(index) {
  const [row, column] = [Math.floor(index / SIZE), index % SIZE];
  return [[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]]
    .map(([down, right]) => [row + down, column + right])
    .filter(([r, c]) => r >= 0 && r < SIZE && c >= 0 && c < SIZE)
    .map(([r, c]) => r * SIZE + c);
}

/** @param {readonly (boolean | null)[]} lamps @param {() => number} random */
export function press(lamps, index, random) {
  const hit = new Set(touched(index));
  return lamps.map((lamp, position) => {
    if (!hit.has(position)) return lamp;
    return lamp === null ? random() < 0.5 : !lamp;
  });
}

/** A board that is not won; each level leaves one lamp more in superposition. */
export function newBoard(level, random) {
  const lamps = Array.from({ length: SIZE * SIZE }, () => random() < 0.5);
  const order = lamps.map((_, index) => ({ index, rank: random() })).sort((a, b) => a.rank - b.rank);
  for (const { index } of order.slice(0, Math.min(level, lamps.length))) lamps[index] = null;
  if (isWon(lamps)) lamps[0] = false;
  return lamps;
}

export function isWon(lamps) {
  return lamps.every((lamp) => lamp === true);
}
