// Small words: durations and lines.

/** 0.4s · 12.3s · 2m 14s · 1h 05m */
export function formatDuration(ms: number): string {
  if (ms < 59_950) return `${(Math.max(ms, 0) / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  return minutes < 60 ? `${minutes}m ${two(seconds % 60)}s` : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** Text of the world in one line. */
export function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** A paragraph behind a label: `note: …`, its later lines indented. Without a width it stays one line. */
export function labelled(label: { readonly text: string; readonly shown: string }, message: string, columns: number | undefined): readonly string[] {
  const line = `${label.text}: ${oneLine(message)}`;
  const [first = '', ...more] = columns === undefined ? [line] : wrap(line, Math.max(20, columns - 3));
  return [label.shown + first.slice(label.text.length), ...more.map((rest) => `  ${rest}`)];
}

/** `1 step`, `2 steps` */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Words of a paragraph, broken into lines of a width. Counts characters: for our own texts, so that help needs no package. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
