// What a handler gives back: a body, or a stream that it writes to until somebody ends it.
import type { JsonObject } from '../../../model/json.ts';

export interface BodyReply {
  readonly kind: 'body';
  readonly status: number;
  readonly body: JsonObject | string | Buffer;
  /** Content type of a text or bytes; JSON otherwise. */
  readonly type?: string;
  readonly warnings?: readonly string[];
}

export interface StreamReply {
  readonly kind: 'stream';
  readonly type: string;
  /** Called once the headers are out. Returns what to do when the client goes away. */
  start(write: (chunk: string) => void, end: () => void): () => void;
}

export type Reply = BodyReply | StreamReply;

export function json(body: JsonObject, status = 200, warnings: readonly string[] = []): BodyReply {
  return { kind: 'body', status, body, warnings };
}

export function text(body: string, status = 200, type = 'text/plain; charset=utf-8'): BodyReply {
  return { kind: 'body', status, body, type };
}
