// An HTTP server on loopback that answers as a test says, and remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface ScriptedServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** How many connections were opened. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export const json = (status: number, body: unknown, headers: { readonly [name: string]: string } = {}): Answer => (response) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

export const status = (code: number, message: string, more: object = {}): Answer => (
  json(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code, ...more })
);

/** Cuts the connection before an answer. */
export const reset: Answer = (response) => {
  response.socket?.resetAndDestroy();
};

/** @param answer gives what to do for each request, in their order. */
export async function startScriptedServer(answer: (asked: Asked, index: number) => Answer): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    }).on('end', () => {
      const question = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      asked.push(question);
      answer(question, asked.length - 1)(response, question);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, connections: () => connections,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
