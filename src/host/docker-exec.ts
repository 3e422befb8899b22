// A command inside a container, with stdin and exit code.
import { type Duplex, Readable } from 'node:stream';
import { failedError } from '../model/error.ts';
import type { ExecResult } from '../ports.ts';
import type { Engine } from './docker.ts';

const MAX_OUTPUT_BYTES = 64 * 2 ** 20;
const FRAME_HEADER = 8;
const STDERR = 2;

export interface ExecRequest {
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin?: NodeJS.ReadableStream | string;
  readonly signal?: AbortSignal;
}

/** An abort lets go of the connection; the API has no way to end the command itself. */
export async function execIn(engine: Engine, request: ExecRequest): Promise<ExecResult> {
  const { container, command, stdin, signal } = request;
  signal?.throwIfAborted();
  return await engine.attempt(`run ${command[0] ?? 'a command'} in the container ${container}`, async () => {
    const abortSignal = signal === undefined ? {} : { abortSignal: signal };
    const exec = await engine.client.getContainer(container).exec({
      Cmd: [...command], AttachStdout: true, AttachStderr: true, AttachStdin: stdin !== undefined, ...abortSignal,
    });
    const stream: Duplex = await exec.start({ hijack: true, stdin: stdin !== undefined, ...abortSignal });
    const drop = () => stream.destroy();
    signal?.addEventListener('abort', drop, { once: true });
    try {
      signal?.throwIfAborted();
      const output = collect(stream);
      if (stdin !== undefined) feed(stream, stdin);
      const { stdout, stderr } = await output;
      signal?.throwIfAborted();
      const { ExitCode } = await exec.inspect();
      return { exitCode: ExitCode ?? -1, stdout, stderr };
    } catch (cause) {
      signal?.throwIfAborted();
      throw cause;
    } finally {
      signal?.removeEventListener('abort', drop);
      stream.destroy();
    }
  });
}

/** Ends the writing side alone; a command that ends before it has read everything is no error. */
function feed(stream: Duplex, stdin: NodeJS.ReadableStream | string): void {
  const source = typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin;
  source.once('error', (error) => stream.destroy(error));
  source.pipe(stream);
}

/** Takes the two outputs out of the engine's frames: one byte of stream number, three of padding, four of length. */
async function collect(stream: Duplex): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let pending: Buffer = Buffer.alloc(0);
  let total = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > MAX_OUTPUT_BYTES) {
      throw failedError({ code: 'tool-output-too-large', message: `the command wrote more than ${MAX_OUTPUT_BYTES} bytes` });
    }
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= FRAME_HEADER) {
      const end = FRAME_HEADER + pending.readUInt32BE(4);
      if (pending.length < end) break;
      (pending[0] === STDERR ? err : out).push(pending.subarray(FRAME_HEADER, end));
      pending = pending.subarray(end);
    }
  }
  return { stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') };
}
