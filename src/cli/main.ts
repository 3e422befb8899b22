// The edge of the process: streams, environment, signals and exit code. Loads nothing but the version until it must.
import { writeSync } from 'node:fs';
import { EXIT } from '../model/exit.ts';
import { VERSION } from '../model/version.ts';
import type { Compose } from './dispatch.ts';
import { Interrupts, STOP_SIGNALS } from './interrupt.ts';
import type { Io, Output } from './io.ts';

const compose: Compose = async (io, network) => {
  const adapters: { readonly compose: Compose } = await import('./compose.ts');
  return adapters.compose(io, network);
};

function asksVersion(argv: readonly string[]): boolean {
  return argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V');
}

/** One run of the program, with everything outside as an argument. Never throws. */
export async function main(argv: readonly string[], io: Io, makeUseCases: Compose = compose): Promise<number> {
  if (asksVersion(argv)) {
    io.stdout.write(`devstack ${VERSION}\n`);
    return EXIT.ok;
  }
  const { dispatch } = await import('./dispatch.ts');
  return dispatch(argv, io, makeUseCases);
}

/** What a stopped run leaves open (sockets, children that ignore signals) must not keep the process for longer. */
const LINGER_MS = 300;
const SHOW_CURSOR = '\u001b[?25h';

/** One short line without opening the stream: that alone costs as much as all the rest of `--version`. */
const unopenedStdout: Output = {
  write(text) {
    try {
      writeSync(1, text);
    } catch {
      // A full or closed pipe: the stream knows how to wait, and nobody is told that nobody reads.
      process.stdout.on('error', () => undefined).write(text);
    }
  },
};

function processIo(signal: AbortSignal, isShort: boolean): Io {
  return {
    // Getters: a stream is opened when it is first used.
    get stdin() { return process.stdin; },
    get stdout() { return isShort ? unopenedStdout : process.stdout; },
    get stderr() { return process.stderr; },
    env: process.env, cwd: process.cwd(), signal,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
  };
}

/** Ends the process now. */
function end(code: number, hasHungUp: boolean): void {
  if (hasHungUp) {
    // Node resets the terminal when it exits, and aborts with a core dump when that terminal is gone. The signal itself ends it quietly.
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  }
  process.exit(code);
}

function watchSignals(controller: AbortController): Interrupts {
  const interrupts: Interrupts = new Interrupts({
    abort: () => controller.abort(),
    say: (text) => void process.stderr.write(`${process.stderr.isTTY ? SHOW_CURSOR : ''}${text}\n`),
    exit: (code) => end(code, interrupts.hasHungUp),
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  });
  // The only listeners of the process: no library may have its own.
  for (const signal of STOP_SIGNALS) process.on(signal, () => interrupts.receive(signal));
  // Nobody reads the result any more (`devstack up | head -1`): the run stops. Without readers of the talk it goes on silently.
  process.stdout.on('error', () => interrupts.abandon());
  process.stderr.on('error', () => undefined);
  return interrupts;
}

/** Runs for this process: what bin/devstack.js calls. Sets the exit code. */
export async function start(): Promise<void> {
  const controller = new AbortController();
  const argv = process.argv.slice(2);
  const io = processIo(controller.signal, asksVersion(argv));
  // Nothing to stop, nothing to clean: the version is there before a listener would be.
  const interrupts = asksVersion(argv) ? undefined : watchSignals(controller);
  process.once('uncaughtException', (thrown) => {
    void import('./dispatch.ts').then(({ reportBug }) => reportBug(thrown, argv, io)).finally(() => process.exit(EXIT.bug));
  });
  const code = await main(argv, io);
  interrupts?.dispose();
  process.exitCode = code;
  if (interrupts?.hasHungUp === true) end(code, true);
  setTimeout(() => process.exit(code), LINGER_MS).unref();
}
