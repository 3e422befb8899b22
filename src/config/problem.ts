// Problems of what was asked for: collected, each with its place, and told all at once.
import { type DevstackError, type Hint, usageError } from '../model/error.ts';

export interface Problem {
  /** `--port`, `DEVSTACK_PORT` or `devstack.yaml:14 addons[1]`. */
  readonly place: string;
  readonly message: string;
  /** Code of the error when this is the only problem. */
  readonly code: string;
  /** What to do about it, when that is more than a look at what there is. */
  readonly hints?: readonly Hint[];
}

export function problemText(problem: Problem): string {
  return `${problem.place}: ${problem.message}`;
}

/** One error for all problems: the code of a lone one, else `config-invalid`; the list is in `details.problems`. */
export function problemsError(problems: readonly Problem[], hints: readonly Hint[] = []): DevstackError {
  const [first, ...others] = problems;
  if (first === undefined) throw new Error('no problem to tell');
  return usageError({
    code: others.length === 0 ? first.code : 'config-invalid',
    message: others.length === 0 ? problemText(first) : `${problems.length} problems`,
    hints: others.length === 0 ? first.hints ?? hints : hints,
    details: { problems: problems.map(({ place, message, code }) => ({ place, message, code })) },
  });
}
