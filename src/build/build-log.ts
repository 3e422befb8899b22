// Reads what the builders print, BuildKit's plain progress and the classic one: which step runs, and which one failed and why.

export interface BuildFailure {
  readonly cause: 'base-unavailable' | 'dockerfile-invalid' | 'disk-full' | 'step-failed' | 'unknown';
  /** The builder's own word, in one line. */
  readonly reason: string;
  /** `[3/3] RUN npm ci`: the step that failed. */
  readonly step: string | undefined;
  /** The image that could not be had, when that is the cause. */
  readonly base: string | undefined;
  /** The last lines of what the failed step said. */
  readonly log: string;
}

export interface BuildLog {
  /** Takes one line; returns the step when a new one of the Dockerfile begins. */
  take(line: string): string | undefined;
  failure(): BuildFailure;
}

const TAIL_LINES = 20;
/** What BuildKit and the engine put before the reason. */
const SUMMARY = /^ERROR: (failed to solve: )?|^Error response from daemon: /;
const ESCAPES = /\x1b\[[0-9;]*[A-Za-z]/g;

interface Step {
  readonly title: string;
  readonly lines: string[];
}

export function createBuildLog(): BuildLog {
  // By BuildKit's number of the step; the classic builder has one step at a time, kept under its title.
  const steps = new Map<string, Step>();
  const other: string[] = [];
  let current: Step | undefined;
  let failed: { readonly step: Step | undefined; readonly verdict: string } | undefined;

  const begin = (key: string, title: string): string | undefined => {
    if (steps.has(key)) return undefined;
    current = { title, lines: [] };
    steps.set(key, current);
    // `[internal] …` is BuildKit's own work, not the person's.
    return title.startsWith('[internal]') ? undefined : title;
  };

  return {
    take(raw) {
      const line = raw.replace(ESCAPES, '').trimEnd();
      const [, number, rest] = /^#(\d+) (.*)$/.exec(line) ?? [];
      if (number !== undefined && rest !== undefined) {
        if (/^\[[^\]]+\] /.test(rest)) return begin(number, rest);
        const step = steps.get(number);
        if (rest.startsWith('ERROR: ')) failed = { step, verdict: rest.slice('ERROR: '.length) };
        else step?.lines.push(rest.replace(/^\d+\.\d+ /, ''));
        return undefined;
      }
      const [, title] = /^Step \d+\/\d+ : (.*)$/.exec(line) ?? [];
      if (title !== undefined) return begin(title, title);
      // The classic builder's lines belong to its current step; BuildKit's own end with the last numbered one.
      if (current !== undefined && !current.title.startsWith('[') && !/^ ---> |^Removing intermediate/.test(line)) current.lines.push(line);
      else other.push(line);
      return undefined;
    },
    failure() {
      const summary = other.filter((line) => /^(ERROR|Error response from daemon): /.test(line)).at(-1)?.replace(SUMMARY, '');
      const verdict = summary ?? failed?.verdict;
      if (verdict !== undefined) return failureOf(failed?.step, spoken(failed?.step), verdict);
      // The classic builder writes its verdict as the last line of the step.
      const said = current?.title.startsWith('[') === false ? spoken(current) : other.filter((line) => line !== '');
      return failureOf(current, said.slice(0, -1), said.at(-1) ?? 'the builder gave no reason');
    },
  };
}

function spoken(step: Step | undefined): readonly string[] {
  return step?.lines.filter((line) => line !== '') ?? [];
}

function failureOf(step: Step | undefined, said: readonly string[], verdict: string): BuildFailure {
  const log = said.slice(-TAIL_LINES).join('\n');
  const title = step?.title.startsWith('[internal]') === false ? step.title : undefined;
  const cause = causeOf(verdict, log, title);
  return { cause, reason: verdict, step: title, base: cause === 'base-unavailable' ? baseOf(verdict, title) : undefined, log };
}

function causeOf(verdict: string, log: string, step: string | undefined): BuildFailure['cause'] {
  if (/no space left on device/i.test(`${verdict}\n${log}`)) return 'disk-full';
  if (/dockerfile parse error|unknown instruction|file with no instructions/i.test(verdict)) return 'dockerfile-invalid';
  const isFrom = step === undefined || /^(\[[^\]]+\] )?FROM /.test(step);
  if (/failed to resolve source metadata|pull access denied|manifest unknown|^Get "https?:/i.test(verdict) && isFrom) return 'base-unavailable';
  return step === undefined ? 'unknown' : 'step-failed';
}

function baseOf(verdict: string, step: string | undefined): string | undefined {
  return /failed to resolve source metadata for (\S+?): /.exec(verdict)?.[1]?.replace(/^docker\.io\/(library\/)?/, '')
    ?? /^(?:\[[^\]]+\] )?FROM (\S+)/.exec(step ?? '')?.[1];
}
