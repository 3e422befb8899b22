// The one place where errors become text: what happened, why, and one command to run next.
import { DevstackError } from '../model/error.ts';
import { EXIT } from '../model/exit.ts';
import { isJsonObject, type Json } from '../model/json.ts';
import { hintLines } from './lines.ts';
import type { Paint } from './paint.ts';
import { oneLine } from './text.ts';

const LOG_LINES = 10;

/** Problems that the error carries as data, one line each. */
function problemLines(details: DevstackError['details']): readonly string[] {
  const problems: Json = details?.['problems'] ?? [];
  if (!Array.isArray(problems) || problems.length < 2) return [];
  return problems.flatMap((problem: Json) => (isJsonObject(problem) ? [`  - ${oneLine(`${problem['place']}: ${problem['message']}`)}`] : []));
}

/** The end of a log that the error carries as lines. */
function logLines(details: DevstackError['details']): readonly string[] {
  const log: Json = details?.['log'] ?? [];
  return Array.isArray(log) ? log.slice(-LOG_LINES).map((line: Json) => `  | ${oneLine(String(line))}`) : [];
}

export function errorText(error: DevstackError, paint: Paint): string {
  // A stop that the person asked for is no error.
  const label = error.exit === EXIT.interrupted ? '' : `${paint('red', 'error')}: `;
  const lines = [
    label + paint('bold', oneLine(error.message)),
    ...problemLines(error.details),
    ...(error.reason === undefined ? [] : [`  cause: ${oneLine(error.reason)}`]),
    ...logLines(error.details).map((line) => paint('dim', line)),
    ...hintLines(error.hints, paint),
  ];
  return `${lines.join('\n')}\n`;
}

/** What is no DevstackError is a bug of ours: exit 70 and the log that explains it. */
export function bugError(thrown: unknown, log: string | undefined): DevstackError {
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new DevstackError({
    code: 'bug', exit: EXIT.bug, message: 'this is a bug of devstack, not yours', reason: message, cause: thrown,
    ...(log === undefined ? {} : { details: { logFile: log }, hints: [{ text: 'the details are in a file; please report it with that file', command: `cat ${log}` }] }),
  });
}
