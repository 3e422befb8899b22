// The answer to one question about the machine, and the one thing to do about it.

export interface Finding {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly title: string;
  /** `skipped`: it does not apply here, or could not be asked. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was seen, in one line. */
  readonly message: string;
  /** `automatic`: `doctor --fix` does it itself, after asking. */
  readonly fix?: { readonly text: string; readonly command?: string; readonly automatic?: boolean };
}
