// A terminal in memory, for what our renderers write: text, line feeds, up, clear to the end, cursor on and off, colours.

export class VirtualScreen {
  /** Lines that left the top: a live view must never lose one, for it could not draw over it. */
  readonly scrolledAway: string[] = [];
  #lines: string[] = [''];
  #row = 0;
  #column = 0;
  readonly #columns: number;
  readonly #rows: number;

  constructor(columns: number, rows: number, written: string) {
    this.#columns = columns;
    this.#rows = rows;
    for (const token of written.match(/\u001b\[\??[0-9;]*[A-Za-z]|\n|[^\u001b\n]+/g) ?? []) this.#take(token);
  }

  get lines(): readonly string[] {
    return [...this.scrolledAway, ...this.#lines];
  }

  get text(): string {
    return `${this.lines.join('\n').trimEnd()}\n`;
  }

  #take(token: string): void {
    const [, amount = '', letter] = /^\u001b\[\??([0-9;]*)([A-Za-z])$/.exec(token) ?? [];
    if (token === '\n') this.#feed();
    else if (letter === undefined) this.#print(token);
    else if (letter === 'A') this.#row = Math.max(0, this.#row - Number(amount));
    else if (letter === 'J') this.#lines = [...this.#lines.slice(0, this.#row), (this.#lines[this.#row] ?? '').slice(0, this.#column)];
    else if (letter !== 'm' && letter !== 'h' && letter !== 'l') throw new Error(`unexpected escape ${JSON.stringify(token)}`);
  }

  #feed(): void {
    this.#row += 1;
    this.#column = 0;
    this.#lines[this.#row] ??= '';
    if (this.#row < this.#rows) return;
    this.scrolledAway.push(this.#lines.shift() ?? '');
    this.#row -= 1;
  }

  #print(text: string): void {
    for (const character of text) {
      if (this.#column >= this.#columns) this.#feed();
      const line = this.#lines[this.#row] ?? '';
      this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }
}
