// Programs made for a container listen on every address of it. Here that would be this machine's: they are held to 127.0.0.1.
import { join } from 'node:path';
import type { Files } from '../../ports.ts';
import type { Place } from './place.ts';

/** Before a Node program: a server that names no address, or all of them, gets loopback. */
const NODE = `'use strict';
const net = require('node:net');
const listen = net.Server.prototype.listen;
const everywhere = new Set([undefined, '', '0.0.0.0', '::']);
net.Server.prototype.listen = function (...args) {
  const [first, second] = args;
  if (typeof first === 'object' && first !== null && 'port' in first && everywhere.has(first.host)) args[0] = { ...first, host: '127.0.0.1' };
  else if ((typeof first === 'number' || typeof first === 'string' && /^\\d+$/.test(first))) {
    if (typeof second === 'string') { if (everywhere.has(second)) args[1] = '127.0.0.1'; } else args.splice(1, second === undefined ? Math.min(1, args.length - 1) : 0, '127.0.0.1');
  }
  return listen.apply(this, args);
};
`;

/** Read by every Python at its start. */
const PYTHON = `import socket
_bind = socket.socket.bind
def bind(self, address):
    if self.family == socket.AF_INET and isinstance(address, tuple) and address[0] in ('', '0.0.0.0'):
        address = ('127.0.0.1',) + tuple(address[1:])
    return _bind(self, address)
socket.socket.bind = bind
`;

export interface Shims {
  /** File for `node --require`. */
  readonly node: string;
  /** Folder for PYTHONPATH. */
  readonly python: string;
}

export async function writeShims(files: Files, place: Place): Promise<Shims> {
  const folder = join(place.folder, 'loopback');
  const shims = { node: join(folder, 'node.cjs'), python: join(folder, 'python') };
  await files.makeDirectory(shims.python, 0o700);
  await files.write(shims.node, NODE);
  await files.write(join(shims.python, 'sitecustomize.py'), PYTHON);
  return shims;
}
