// A block of lines at the bottom of a terminal that is drawn again and again.
import type { Screen } from './renderer.ts';

const HIDE_CURSOR = '\u001b[?25l';
export const SHOW_CURSOR = '\u001b[?25h';
const FALLBACK_ROWS = 24;

export class LiveArea {
  readonly #screen: Screen;
  #drawn: readonly string[] = [];
  #isOpen = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces what is drawn. Lines must be narrower than the screen; what does not fit in height is cut at the top. */
  draw(lines: readonly string[]): void {
    const visible = lines.slice(-Math.max(1, (this.#screen.rows ?? FALLBACK_ROWS) - 1));
    if (this.#isOpen && visible.length === this.#drawn.length && visible.every((line, index) => line === this.#drawn[index])) return;
    this.#screen.write(`${this.#isOpen ? '' : HIDE_CURSOR}${this.#erase()}${visible.map((line) => `${line}\n`).join('')}`);
    this.#isOpen = true;
    this.#drawn = visible;
  }

  /** Writes lines above the block, where they stay. */
  above(lines: readonly string[]): void {
    const drawn = this.#drawn;
    this.#screen.write(`${this.#erase()}${[...lines, ...drawn].map((line) => `${line}\n`).join('')}`);
  }

  /** Draws the last state, whole, and gives the terminal back. */
  close(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    this.#screen.write(`${this.#erase()}${lines.map((line) => `${line}\n`).join('')}${SHOW_CURSOR}`);
    this.#drawn = [];
    this.#isOpen = false;
  }

  #erase(): string {
    return this.#drawn.length === 0 ? '' : `\u001b[${this.#drawn.length}A\u001b[0J`;
  }
}
