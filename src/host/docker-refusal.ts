// What an engine refuses to do, for the cases in which devstack can say better than the engine what is the matter. Pure.
import { type DevstackError, failedError, preconditionError } from '../model/error.ts';
import { apiFailure } from './engine-api.ts';

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly cause: unknown;
}

/** The engine's answer behind an error of ours; undefined when the error did not come of an answer. */
export function refusalOf(error: unknown): Refusal | undefined {
  const answer = error instanceof Error ? apiFailure(error.cause) : undefined;
  return answer === undefined ? undefined : { status: answer.status, reason: answer.message, cause: error };
}

export function containerRefusal({ status, reason, cause }: Refusal, name: string, image: string): DevstackError | undefined {
  if (status === 409) {
    return failedError({
      code: 'container-exists', message: `there is a container named ${name} already`, reason, cause,
      hints: [{ text: 'See whose it is', command: `docker inspect ${name}` }],
    });
  }
  return status === 404 && /no such image/i.test(reason) ? imageMissing(image, { reason, cause }) : undefined;
}

export function imageMissing(image: string, more: { readonly reason?: string; readonly cause?: unknown } = {}): DevstackError {
  return preconditionError({
    code: 'image-missing', message: `the image ${image} is not on this machine`, ...more,
    hints: [{ text: 'Pull it', command: `docker pull ${image}` }],
  });
}

export function startRefusal({ reason, cause }: Refusal, id: string): DevstackError | undefined {
  if (!/port is already allocated|address already in use|ports are not available/i.test(reason)) return undefined;
  return preconditionError({
    code: 'port-taken', message: `the container ${id} cannot start: a port that it publishes is in use`, reason, cause,
    hints: [{ text: 'See which containers publish it', command: 'docker ps' }],
  });
}

export function networkRefusal({ status, reason, cause }: Refusal, name: string): DevstackError | undefined {
  if (/overlaps with other one|overlapping IPv|subnet.*in use/i.test(reason)) {
    return preconditionError({
      code: 'subnet-taken', message: `the network ${name} cannot be made: its addresses are in use`, reason, cause,
      hints: [{ text: 'See which networks there are', command: 'docker network ls' }],
    });
  }
  if (status !== 409) return undefined;
  return failedError({
    code: 'network-exists', message: `there is a network named ${name} already`, reason, cause,
    hints: [{ text: 'See whose it is', command: `docker network inspect ${name}` }],
  });
}

export function engineHangs(endpoint: string, timeoutMs: number): DevstackError {
  return preconditionError({
    code: 'docker-not-running', message: `the Docker engine at ${endpoint} did not answer within ${timeoutMs / 1000} s`,
    hints: [{ text: 'See whether it answers anybody', command: 'docker info' }],
  });
}
