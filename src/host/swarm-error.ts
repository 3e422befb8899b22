// What an engine says about its swarm, as an error that a person can act on.
import { type DevstackError, type DevstackErrorOptions, failedError, isDevstackError, preconditionError } from '../model/error.ts';
import { apiFailure } from './engine-api.ts';

/** gRPC's preamble says nothing to a person. */
const PREAMBLE = /^rpc error: code = \w+ desc = /;

/** `doing` completes "could not …"; `fail` makes the error for an engine that did not answer at all. */
export function swarmError(cause: unknown, doing: string, fail: (cause: unknown) => unknown): unknown {
  const failure = apiFailure(cause);
  if (failure === undefined) return fail(cause);
  const reason = failure.message.replace(PREAMBLE, '').trim();
  const message = `could not ${doing}`;
  const known = special(failure.message, { message, reason, cause });
  if (known !== undefined) return known;
  if (isConflict(failure.status, failure.message)) return failedError({ code: 'swarm-conflict', message, reason, cause });
  return failedError({ code: 'swarm-refused', message, reason, cause });
}

function special(said: string, options: Omit<DevstackErrorOptions, 'code' | 'exit'>): DevstackError | undefined {
  if (/needs to be unlocked/.test(said)) {
    return preconditionError({ ...options, code: 'swarm-locked', hints: [{ text: 'Unlock it with the key that was printed when it was locked', command: 'docker swarm unlock' }] });
  }
  if (/not a swarm manager/.test(said)) {
    return preconditionError({ ...options, code: 'swarm-not-manager', hints: [{ text: 'See which nodes are managers, on one of them', command: 'docker node ls' }] });
  }
  if (/already part of a swarm/.test(said)) {
    return preconditionError({ ...options, code: 'swarm-exists', hints: [{ text: 'See whose it is', command: 'docker node ls' }] });
  }
  return undefined;
}

function isConflict(status: number, said: string): boolean {
  return status === 409 || /update out of sequence|is in use by|already in use by service/.test(said);
}

/** The engine answered, and the answer was no. */
export function isRefusal(error: unknown): boolean {
  return isDevstackError(error) && apiFailure(error.cause) !== undefined;
}

export function isAbsent(error: unknown): boolean {
  return isDevstackError(error) && apiFailure(error.cause)?.status === 404;
}

export function reasonOf(error: unknown): string {
  return isDevstackError(error) ? (error.reason ?? error.message) : String(error);
}
