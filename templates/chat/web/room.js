// The room: a stream in Valkey. Every replica of the web service reads the same stream, so all see all messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';

const STREAM = 'messages';
const KEPT = 1_000;
const SHOWN = 100;
const RETRY_MS = 500;

/**
 * Follows the stream until `close`; a database that is away is tried again for ever.
 * @param {string} url `redis://db:6379`
 * @param {(message: {id: string, name: string, text: string}) => void} onMessage each message once, the newest hundred first
 */
export function openRoom(url, onMessage) {
  // Without the offline queue a message that cannot be stored is refused at once, instead of much later or never.
  const writer = createClient({ url, disableOfflineQueue: true });
  const reader = writer.duplicate();
  for (const client of [writer, reader]) {
    client.on('error', (error) => console.error(`database: ${error.message || error.code}`));
    client.connect().catch(() => {});
  }

  let last;
  let open = true;
  async function follow() {
    while (open) {
      try {
        last ??= await readNewest(reader, onMessage);
        const streams = await reader.xRead({ key: STREAM, id: last }, { BLOCK: 5_000, COUNT: SHOWN });
        for (const { id, message } of streams?.[0]?.messages ?? []) {
          last = id;
          onMessage({ id, name: message.name, text: message.text });
        }
      } catch {
        await sleep(RETRY_MS);
      }
    }
  }
  const following = follow();

  return {
    /** Stores a message; rejects when the database does not confirm it. */
    say: (name, text) => writer.xAdd(STREAM, '*', { name, text }, { TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold: KEPT } }),
    async close() {
      open = false;
      writer.destroy();
      reader.destroy();
      await following;
    },
  };
}

/** @returns the id after which to go on */
async function readNewest(reader, onMessage) {
  const newest = await reader.xRevRange(STREAM, '+', '-', { COUNT: SHOWN });
  for (const { id, message } of newest.reverse()) onMessage({ id, name: message.name, text: message.text });
  return newest.at(-1)?.id ?? '0-0';
}
