// Requests of a load: bare node:http over a bounded keep-alive pool, for the least cost of a request.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { LoadConnections, LoadHttp, LoadReply, LoadTarget } from '../ports.ts';

/** What is kept of a body that somebody wants to see. */
const KEPT_BYTES = 64 * 1024;

export function createLoadHttp(): LoadHttp {
  return { open };
}

function open(target: LoadTarget, connections: number): LoadConnections {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  const sockets = new WeakSet<Socket>();
  const state = { opened: 0, isClosed: false };
  const onSocket = (socket: Socket) => {
    if (sockets.has(socket)) return;
    sockets.add(socket);
    state.opened += 1;
  };
  return {
    async send(options) {
      if (state.isClosed) return { failure: 'aborted' };
      const first = await sendOnce({ target, agent, onSocket, ...options });
      // The server closed an idle connection just as it was used again: that is no failure of the request, which it never read.
      const reply = 'stale' in first && !state.isClosed ? await sendOnce({ target, agent, onSocket, ...options }) : first;
      return 'failure' in reply && state.isClosed ? { failure: 'aborted' } : withoutStale(reply);
    },
    get opened() {
      return state.opened;
    },
    close() {
      state.isClosed = true;
      agent.destroy();
    },
  };
}

interface Sending {
  readonly target: LoadTarget;
  readonly agent: Agent;
  onSocket(socket: Socket): void;
  readonly timeoutMs: number;
  readonly keepBody?: boolean;
}

type Sent = LoadReply | { readonly failure: string; readonly stale: true };

function withoutStale(reply: Sent): LoadReply {
  return 'failure' in reply ? { failure: reply.failure } : reply;
}

function sendOnce({ target, agent, onSocket, timeoutMs, keepBody }: Sending): Promise<Sent> {
  return new Promise((resolve) => {
    const { hostname, port, method, path, headers, body } = target;
    const outgoing = httpRequest({ agent, hostname, port, method, path, headers });
    let [isLate, isAnswering] = [false, false];
    const timer = setTimeout(() => {
      isLate = true;
      outgoing.destroy();
    }, timeoutMs);
    const end = (reply: Sent) => {
      clearTimeout(timer);
      resolve(reply);
    };
    const fail = (error: NodeJS.ErrnoException) => {
      if (isLate) end({ failure: 'timeout' });
      else if (outgoing.reusedSocket && !isAnswering && error.code === 'ECONNRESET' && method === 'GET') end({ failure: 'ECONNRESET', stale: true });
      else end({ failure: error.code ?? error.name });
    };
    outgoing.once('socket', onSocket);
    // Not `once`: what is destroyed may report twice, and the second report must not end the process.
    outgoing.on('error', fail);
    outgoing.once('response', (response) => {
      isAnswering = true;
      receive(response, { keepBody: keepBody === true, end, fail });
    });
    outgoing.end(body);
  });
}

interface Receiver {
  readonly keepBody: boolean;
  end(reply: LoadReply): void;
  fail(error: NodeJS.ErrnoException): void;
}

function receive(response: IncomingMessage, { keepBody, end, fail }: Receiver): void {
  let bytes = 0;
  const kept: Buffer[] = [];
  response.on('data', (chunk: Buffer) => {
    if (keepBody && bytes < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - bytes));
    bytes += chunk.length;
  });
  response.on('error', fail);
  response.once('end', () => {
    const status = response.statusCode ?? 0;
    end(keepBody ? { status, bytes, body: Buffer.concat(kept).toString() } : { status, bytes });
  });
}
