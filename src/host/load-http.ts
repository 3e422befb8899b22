// Requests of a load: undici's dispatch over a bounded number of keep-alive connections. It costs half the CPU of node:http (29 and 61 µs
// a request, measured), and what this process spends is what it cannot send.
import type { Client, Dispatcher } from 'undici';
import type { LoadConnections, LoadHttp, LoadReply, LoadTarget } from '../ports.ts';

/** What is kept of a body that somebody wants to see. */
const KEPT_BYTES = 64 * 1024;
/** An idle connection is let go after this, or when the server's own hint says so. */
const KEEP_ALIVE_MS = 60_000;

export function createLoadHttp(): LoadHttp {
  return { open };
}

/** One connection, and what is sent on it: one request at a time. */
interface Line {
  readonly client: Client;
  /** Answers on the connection as it is now; 0 on a fresh one. */
  answered: number;
}

interface Sending {
  readonly timeoutMs: number;
  readonly keepBody?: boolean;
}

type Sent = LoadReply | { readonly failure: string; readonly stale: true };

async function open(target: LoadTarget, connections: number): Promise<LoadConnections> {
  // Loaded here: no other command waits for it.
  const { Client: UndiciClient } = await import('undici');
  const origin = `http://${target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname}:${target.port}`;
  const [lines, free] = [new Set<Line>(), [] as Line[]];
  const waiting: ((line: Line | undefined) => void)[] = [];
  const state = { opened: 0, isClosed: false };

  function makeLine(): Line {
    const client = new UndiciClient(origin, { pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS });
    const line: Line = { client, answered: 0 };
    client.on('connect', () => {
      line.answered = 0;
      state.opened += 1;
    });
    lines.add(line);
    return line;
  }

  function release(line: Line): void {
    const next = waiting.shift();
    if (next === undefined) free.push(line);
    else next(line);
  }

  /** A request on it was given up: what may still come on it is nobody's. */
  function drop(line: Line): void {
    lines.delete(line);
    void line.client.destroy();
    const next = waiting.shift();
    if (next !== undefined) next(makeLine());
  }

  function lineFor(timeoutMs: number): Line | Promise<Line | undefined> {
    const line = free.pop() ?? (lines.size < connections ? makeLine() : undefined);
    if (line !== undefined) return line;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(undefined);
      }, timeoutMs);
      const take = (given: Line | undefined) => {
        clearTimeout(timer);
        resolve(given);
      };
      waiting.push(take);
    });
  }

  async function sendOnce(options: Sending): Promise<Sent> {
    const started = performance.now();
    const found = lineFor(options.timeoutMs);
    const line = found instanceof Promise ? await found : found;
    if (line === undefined) return { failure: 'timeout' };
    const left = found === line ? options.timeoutMs : options.timeoutMs - (performance.now() - started);
    const sent = await dispatch(line, target, { ...options, timeoutMs: Math.max(1, left) });
    if ('failure' in sent && sent.failure === 'timeout') drop(line);
    else release(line);
    return sent;
  }

  return {
    async send(options) {
      if (state.isClosed) return { failure: 'aborted' };
      const first = await sendOnce(options);
      // The server closed an idle connection just as it was used again: that is no failure of the request, which it never read.
      const reply = 'stale' in first && !state.isClosed ? await sendOnce(options) : first;
      if (!('failure' in reply)) return reply;
      return { failure: state.isClosed ? 'aborted' : reply.failure };
    },
    get opened() {
      return state.opened;
    },
    close() {
      state.isClosed = true;
      for (const { client } of lines) void client.destroy();
      for (const take of waiting.splice(0)) take(undefined);
    },
  };
}

function dispatch(line: Line, { method, path, headers, body }: LoadTarget, { timeoutMs, keepBody = false }: Sending): Promise<Sent> {
  return new Promise((resolve) => {
    let [status, bytes] = [0, 0];
    const kept: Buffer[] = [];
    const isReused = line.answered > 0;
    const timer = setTimeout(() => resolve({ failure: 'timeout' }), timeoutMs);
    const end = (sent: Sent) => {
      clearTimeout(timer);
      resolve(sent);
    };
    line.client.dispatch({ method: method as Dispatcher.HttpMethod, path, headers, body: body ?? null }, {
      // undici asks for it where a handler is of the newer kind.
      onRequestStart: () => undefined,
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        if (keepBody && bytes < KEPT_BYTES) kept.push(Buffer.from(chunk.subarray(0, KEPT_BYTES - bytes)));
        bytes += chunk.length;
      },
      onResponseEnd() {
        line.answered += 1;
        end(keepBody ? { status, bytes, body: Buffer.concat(kept).toString() } : { status, bytes });
      },
      onResponseError(_controller, error) {
        const failure = codeOf(error);
        end(isReused && status === 0 && failure === 'ECONNRESET' && method === 'GET' ? { failure, stale: true } : { failure });
      },
    });
  });
}

/** As the system calls it: undici has a name of its own for a connection that the other side ended. */
function codeOf(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? error.name : error.code === 'UND_ERR_SOCKET' ? 'ECONNRESET' : error.code;
}
