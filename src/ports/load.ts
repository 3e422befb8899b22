// Many requests at a time, for the load generator.

export interface LoadTarget {
  /** Where the connections go; the Host header is one of `headers`. */
  readonly hostname: string;
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: string;
}

/** One request of a load: answered with any status, or not answered. */
export type LoadReply =
  | { readonly status: number; readonly bytes: number; readonly body?: string }
  /** `timeout`, `aborted`, or the code of the system: `ECONNREFUSED`, `ECONNRESET`. */
  | { readonly failure: string };

/** Keep-alive connections to one target. */
export interface LoadConnections {
  /** Sends the request on a free connection. Never throws. `keepBody`: as text, 64 KiB at most. */
  send(options: { readonly timeoutMs: number; readonly keepBody?: boolean }): Promise<LoadReply>;
  /** How many connections were made so far. */
  readonly opened: number;
  /** Ends all; requests under way fail with `aborted`. */
  close(): void;
}

export interface LoadHttp {
  /** At most `connections` at a time; more requests than that wait for a free one. */
  open(target: LoadTarget, connections: number): Promise<LoadConnections>;
}
