// A resolver of devstack's own: names of some zones, by UDP, on loopback alone.
import { createSocket, type Socket } from 'node:dgram';
import { preconditionError } from '../model/error.ts';
import type { Network } from '../ports.ts';
import { readQuestion, TYPE_A, writeAnswer } from './dns-message.ts';

const LOOPBACK = '127.0.0.1';

type ServeOptions = Parameters<Network['serveNames']>[0];

function bind(socket: Socket, port: number): Promise<void> {
  return new Promise((resolved, rejected) => {
    socket.once('error', (cause: NodeJS.ErrnoException) => rejected(preconditionError({
      code: cause.code === 'EACCES' ? 'port-forbidden' : 'port-taken', message: `port ${port}/udp on ${LOOPBACK} cannot be had`, reason: cause.message, cause,
      hints: [{ text: 'take another port', command: 'devstack dns serve --port 5355' }],
    })));
    socket.bind({ address: LOOPBACK, port, exclusive: true }, resolved);
  });
}

function answerTo(name: string, type: number, answer: ServeOptions['answer']) {
  const address = answer(name);
  if (address === undefined) return 'refused';
  return type === TYPE_A ? { address } : 'no-data';
}

/** See Network.serveNames. What is no question is dropped: nothing is ever sent to who did not ask. */
export async function serveNames({ port, signal, answer, onQuestion }: ServeOptions): Promise<{ readonly port: number; readonly ended: Promise<void> }> {
  const socket = createSocket({ type: 'udp4' });
  await bind(socket, port);
  const ended = new Promise<void>((resolved) => { socket.once('close', () => resolved()); });
  socket.on('message', (message, from) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    const reply = answerTo(question.name, question.type, answer);
    socket.send(writeAnswer(question, reply), from.port, from.address);
    onQuestion?.(question.name, typeof reply === 'object' ? reply.address : undefined);
  });
  // A reply that cannot be sent is a reply nobody waits for any more.
  socket.on('error', () => undefined);
  const bound = socket.address().port;
  const stop = () => socket.close();
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return { port: bound, ended };
}
