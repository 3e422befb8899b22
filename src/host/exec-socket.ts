// A socket that is the stdin and stdout of a program in a container: how the API of an engine inside a container is reached
// without opening a port for it.
import { Agent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Duplex } from 'node:stream';

const FRAME_HEADER = 8;
const STDERR = 2;
const STDERR_KEPT = 2000;

/**
 * Both ways over one raw exec stream (`Tty: false`): writes go to stdin as they are, reads are stdout taken out of the engine's
 * frames (one byte of stream number, three of padding, four of length). What the program says on stderr becomes the error when
 * it ends without having answered.
 */
export class ExecSocket extends Duplex {
  readonly #raw: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  #stderr = '';
  #hasAnswered = false;
  #hasEnded = false;

  constructor(raw: Duplex) {
    super();
    this.#raw = raw;
    raw.on('data', (chunk: Buffer) => this.#take(chunk));
    raw.on('end', () => this.#end());
    raw.on('error', (error) => this.destroy(error));
    raw.on('close', () => this.#end());
  }

  #take(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#pending.length >= FRAME_HEADER) {
      const end = FRAME_HEADER + this.#pending.readUInt32BE(4);
      if (this.#pending.length < end) return;
      const payload = this.#pending.subarray(FRAME_HEADER, end);
      const stream = this.#pending[0];
      this.#pending = this.#pending.subarray(end);
      if (stream === STDERR) this.#stderr = (this.#stderr + payload.toString('utf8')).slice(-STDERR_KEPT);
      else this.#forward(payload);
    }
  }

  #forward(payload: Buffer): void {
    this.#hasAnswered = true;
    if (!this.push(payload)) this.#raw.pause();
  }

  #end(): void {
    if (this.#hasEnded || this.destroyed) return;
    this.#hasEnded = true;
    if (!this.#hasAnswered && this.#stderr !== '') this.destroy(new Error(this.#stderr.trim()));
    else this.push(null);
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#raw.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }

  // What http.Agent asks of a socket. The underlying socket is a local one: nothing to keep alive, nothing to delay.
  setKeepAlive(): this { return this; }
  setNoDelay(): this { return this; }
  setTimeout(): this { return this; }
  ref(): this { return this.#hold('ref'); }
  unref(): this { return this.#hold('unref'); }

  /** An idle connection must not keep the process alive. */
  #hold(method: 'ref' | 'unref'): this {
    const raw: { ref?: () => void; unref?: () => void } = this.#raw as Duplex & { ref?: () => void; unref?: () => void };
    raw[method]?.();
    return this;
  }
}

/** Keeps connections of one container open and hands them out again. `open` starts the program and gives its raw stream. */
export class ExecAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>, options: AgentOptions = { keepAlive: true, maxSockets: 16, maxFreeSockets: 4 }) {
    super(options);
    this.#open = open;
  }

  override createConnection(_options: ClientRequestArgs, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#open().then(
      (raw) => callback?.(null, new ExecSocket(raw)),
      // Node's typing wants a stream beside the error as well.
      (error: unknown) => (callback as ((error: Error) => void) | undefined)?.(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  }
}
