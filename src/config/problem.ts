// Problems of what was asked for: collected, each with its place, and told all at once.
import { type DevstackError, type Hint, usageError } from '../model/error.ts';

/** Code → what it means. Errors of the command line and of the configuration, all exit code 2. */
export const PROBLEM_CODES = {
  'command-line-invalid': 'a flag, its value or an argument is not of the right form',
  'flag-invalid': 'the value of a flag has not the form left=right',
  'config-invalid': 'devstack.yaml has a setting of the wrong shape, or there are several problems (all in `details.problems`)',
  'config-unknown-key': 'devstack.yaml has a setting that does not exist',
  'config-version': 'devstack.yaml does not say which version of the format it has',
  'config-newer': 'devstack.yaml was written for a newer devstack',
  'name-invalid': 'the name cannot be a stack name',
  'preset-unknown': 'there is no such preset',
  'provider-unknown': 'there is no such provider',
  'context-invalid': 'it is not the name of a kubeconfig context',
  'addon-unknown': 'there is no such addon',
  'addon-archived': 'upstream gave this addon up',
  'addon-ended': 'devstack does not offer this addon any more',
  'addon-elsewhere': 'devstack does not install this; something else does',
  'addon-unpinned': 'this addon cannot be installed yet: its files are not pinned',
  'addon-not-installable': 'this is no addon of a cluster',
  'ingress-unknown': 'there is no such ingress',
  'sample-unknown': 'there is no such sample',
  'component-unknown': 'a version is named for a component that does not exist',
  'version-invalid': 'it is not a version',
  'image-invalid': 'it is not an image reference',
  'domain-invalid': 'it is not a domain suffix',
  'url-invalid': 'it is not an http or https address',
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** A code that was made elsewhere, if it is one of a problem. */
export function problemCode(code: string): ProblemCode | undefined {
  return Object.hasOwn(PROBLEM_CODES, code) ? code as ProblemCode : undefined;
}

export interface Problem {
  /** `--port`, `DEVSTACK_PORT` or `devstack.yaml:14 addons[1]`. */
  readonly place: string;
  readonly message: string;
  /** Code of the error when this is the only problem. */
  readonly code: ProblemCode;
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
