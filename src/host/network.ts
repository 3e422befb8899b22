// Ports of this machine and names as its resolver sees them.
import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { failedError } from '../model/error.ts';
import type { Network } from '../ports.ts';
import { serveNames } from './name-server.ts';

const LOOPBACK = '127.0.0.1';

export function createNetwork(): Network {
  return {
    async canBind(port) {
      try {
        await close(await listen(port));
        return true;
      } catch {
        return false;
      }
    },
    async freePort() {
      const server = await listen(0);
      // A TCP server that listens has an AddressInfo; the other shapes belong to pipes.
      const { port } = server.address() as AddressInfo;
      await close(server);
      return port;
    },
    resolve,
    serveNames,
  };
}

async function resolve(name: string, timeoutMs: number): Promise<readonly string[]> {
  const done = new AbortController();
  // The system's lookup cannot be cancelled: it is left behind, and its late answer is ignored.
  const late = delay(timeoutMs, [], { signal: done.signal, ref: false }).catch(() => []);
  const found = lookup(name, { all: true, family: 4 }).then((all) => all.map((one) => one.address), () => []);
  try {
    return await Promise.race([found, late]);
  } finally {
    done.abort();
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolved, rejected) => {
    const server = createServer();
    server.once('error', (cause) => {
      rejected(failedError({ code: 'port-busy', message: `127.0.0.1:${port} cannot be bound`, reason: cause.message, cause }));
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => resolved(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolved) => {
    server.close(() => resolved());
  });
}
