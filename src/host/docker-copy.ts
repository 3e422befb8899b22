// A file out of a container, also of one that does not run.
import { posix } from 'node:path';
import { failedError } from '../model/error.ts';
import { firstMember } from './archive.ts';
import type { Engine } from './docker.ts';
import { apiFailure } from './engine-api.ts';

const MAX_BYTES = 32 * 2 ** 20;
const MAX_LINKS = 8;

/** Follows links. Undefined when there is no such file; an absent container is an error. */
export async function readFileFrom(engine: Engine, container: string, path: string): Promise<string | undefined> {
  let current = path;
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const archive = await download(engine, container, current);
    if (archive === undefined) return undefined;
    const member = firstMember(archive);
    if (member?.kind === 'file') return member.content.toString('utf8');
    if (member?.kind !== 'link') break;
    current = posix.resolve(posix.dirname(current), member.target);
  }
  throw failedError({ code: 'docker-failed', message: `${path} in the container ${container} is not a file` });
}

async function download(engine: Engine, container: string, path: string): Promise<Buffer | undefined> {
  return await engine.attempt(`read ${path} in the container ${container}`, async () => {
    try {
      const stream = await engine.api.stream({ method: 'GET', path: `/containers/${container}/archive`, query: { path } });
      return await gather(stream, path);
    } catch (cause) {
      const answer = apiFailure(cause);
      if (answer?.status === 404 && !/no such container/i.test(answer.message)) return undefined;
      // A part of the path is a file: 500 for an engine, an absence for us.
      if (answer !== undefined && /not a directory/.test(answer.message)) return undefined;
      throw cause;
    }
  });
}

async function gather(stream: AsyncIterable<Buffer>, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream) {
    total += chunk.length;
    if (total > MAX_BYTES) throw failedError({ code: 'docker-failed', message: `${path} is larger than ${MAX_BYTES / 2 ** 20} MiB` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
