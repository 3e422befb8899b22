// Events for programs: one JSON object per line, versioned. The last line of a run is its result.
import type { DevstackError } from '../model/error.ts';
import type { Result } from '../model/event.ts';
import type { JsonObject } from '../model/json.ts';
import type { Renderer, Screen } from './renderer.ts';

const VERSION = 1;

export function createJsonRenderer(screen: Screen): Renderer {
  return {
    emit: (event) => void screen.write(`${JSON.stringify({ v: VERSION, ...event })}\n`),
    end: () => undefined,
  };
}

/** What an error is for programs. `cause` is null when nothing more is known. */
export function errorFields(error: DevstackError): JsonObject {
  return {
    code: error.code, message: error.message, cause: error.reason ?? null,
    hints: error.hints.map(({ text, command }) => (command === undefined ? { text } : { text, command })),
    exit: error.exit, ...(error.details === undefined ? {} : { details: error.details }),
  };
}

export function resultLine(fields: JsonObject, error: DevstackError | undefined): Result {
  const failure = error === undefined ? {} : { error: errorFields(error) };
  return { v: VERSION, type: 'result', ok: error === undefined, ...fields, ...failure };
}
