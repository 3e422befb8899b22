// Requests to an engine's API by method and path, past dockerode's typed methods where they get Swarm wrong.
import type { IncomingMessage } from 'node:http';
import type Dockerode from 'dockerode';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | boolean };
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** What the engine answered instead of doing it. */
export interface ApiFailure {
  readonly status: number;
  readonly message: string;
}

interface DialOptions {
  readonly path: string;
  readonly method: string;
  readonly options: { readonly _query: object; readonly _body: unknown };
  readonly abortSignal?: AbortSignal;
  readonly isStream?: boolean;
  readonly statusCodes: { readonly [code: number]: true };
}
interface Modem {
  dial(options: DialOptions, done: (error: unknown, data: unknown) => void): void;
}

const GOOD = { 200: true, 201: true, 204: true } as const;

export class EngineApi {
  readonly #modem: Modem;

  constructor(client: Dockerode) {
    this.#modem = client.modem as Modem;
  }

  /** The body as JSON; undefined when there is none. Throws what dockerode throws (see `apiFailure`). */
  async request<T>(call: ApiCall): Promise<T> {
    return (await this.#dial(call, false)) as T;
  }

  async stream(call: ApiCall): Promise<IncomingMessage> {
    return (await this.#dial(call, true)) as IncomingMessage;
  }

  #dial(call: ApiCall, isStream: boolean): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#modem.dial({
        // With `?` and `_query` and `_body` nothing of the body reaches the URL: docker-modem writes a flat object into both.
        path: `${call.path}?`,
        method: call.method,
        options: { _query: call.query ?? {}, _body: call.body ?? {} },
        statusCodes: GOOD,
        ...(isStream ? { isStream } : {}),
        ...(call.signal === undefined ? {} : { abortSignal: call.signal }),
      }, (error, data) => (error === null || error === undefined ? resolve(data) : reject(error)));
    });
  }
}

/** Status and message of an answer that was an error, or undefined when nothing answered. */
export function apiFailure(cause: unknown): ApiFailure | undefined {
  if (!(cause instanceof Error)) return undefined;
  const { statusCode, json } = cause as Error & { statusCode?: unknown; json?: { message?: unknown } | null };
  if (typeof statusCode !== 'number') return undefined;
  const said = json?.message;
  // Where an answer was asked for as a stream, dockerode has only this: `(HTTP code 500) unexpected - what the engine said `.
  return { status: statusCode, message: typeof said === 'string' ? said : cause.message.replace(/^\(HTTP code \d+\) .*? - /, '').trim() };
}
