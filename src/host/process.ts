// Programs, run without a shell. The only home of execa.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { constants as osConstants } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { failedError, notReadyError, preconditionError } from '../model/error.ts';
import type { Processes, ProcessOptions, ProcessResult } from '../ports.ts';

type Env = { readonly [name: string]: string | undefined };

const GRACE_MS = 3_000;
/** After SIGKILL the pipes close at once, unless somebody else holds them. */
const AFTER_KILL_MS = 500;
const MAX_OUTPUT_CHARACTERS = 64 * 2 ** 20;
const MAX_LINE_CHARACTERS = 64 * 2 ** 10;

/**
 * Stdin is a pipe that nothing is ever written to: its end means that this process is gone, killed or not. Then the group goes
 * too. A program that lived on would go on making things that the next run believes to be over.
 */
const LIFELINE = `
exec 3<&0
{ read -r _ <&3; trap '' TERM; kill -TERM 0; sleep 3; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
"$@" </dev/null 3<&- &
wait $!
code=$?
kill -KILL $watcher
exit $code
`;

/** `graceMs`: a program that ignores SIGTERM for so long is killed. */
export function createProcesses(env: Env, { graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Processes {
  return {
    run: (command, args, options = {}) => run(env, { command, args, options, graceMs }),
    find: (name) => find(env, name),
  };
}

interface Job {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: ProcessOptions;
  readonly graceMs: number;
}

async function run(env: Env, job: Job): Promise<ProcessResult> {
  const { command, options } = job;
  options.signal?.throwIfAborted();
  const program = await find(env, command);
  if (program === undefined) throw toolMissing(command);
  const { execa } = await import('execa');
  options.signal?.throwIfAborted();
  const ownGroup = process.platform !== 'win32';
  const isTied = ownGroup && options.lifeline === true;
  const [file, args] = isTied ? ['/bin/sh', ['-c', LIFELINE, 'sh', program, ...job.args]] as const : [program, [...job.args]] as const;
  const child = execa(file, args, {
    reject: false,
    env: { ...definedOf(env), ...options.env },
    extendEnv: false,
    // A group of its own, so that an abort reaches the programs that it starts.
    detached: ownGroup,
    stripFinalNewline: false,
    maxBuffer: MAX_OUTPUT_CHARACTERS,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(isTied ? { stdin: 'pipe' as const } : options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
  });
  if (ownGroup && child.pid !== undefined) options.onStart?.(child.pid);
  if (options.onLine !== undefined) {
    emitLines(child.stdout, 'stdout', options.onLine);
    emitLines(child.stderr, 'stderr', options.onLine);
  }
  const ending = watchForEnd(child, ownGroup, job);
  // A grandchild in a session of its own can hold the pipes open after the kill: then its output is not waited for.
  const result = await Promise.race([child, ending.forced]);
  ending.stop();
  if (ending.cause() === 'aborted') options.signal?.throwIfAborted();
  if (result === undefined || ending.cause() === 'timeout') throw toolTimeout(command, options.timeoutMs ?? 0, result?.stderr ?? '');
  return outcomeOf(command, result);
}

interface Ended {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly shortMessage?: string | undefined;
  readonly cause?: unknown;
}

function outcomeOf(command: string, result: Ended): ProcessResult {
  const { exitCode, signal, stdout, stderr } = result;
  if (result.isMaxBuffer) {
    throw failedError({ code: 'tool-output-too-large', message: `${command} wrote more than ${MAX_OUTPUT_CHARACTERS} characters` });
  }
  if (exitCode !== undefined) return { exitCode, stdout, stderr };
  // As a shell counts it, so that every end is an exit code: ended by signal N is 128 + N.
  if (signal !== undefined) return { exitCode: 128 + (osConstants.signals[signal as NodeJS.Signals] ?? 0), stdout, stderr };
  throw failedError({
    code: 'tool-failed', message: `${command} could not be started`, reason: result.shortMessage ?? 'no reason is known', cause: result.cause,
  });
}

interface Child {
  readonly pid?: number | undefined;
  kill(signal: NodeJS.Signals): boolean;
}

/** Ends the child with all it has started when the signal aborts or the time is up: SIGTERM, after a grace SIGKILL. */
function watchForEnd(child: Child, ownGroup: boolean, { options, graceMs }: Job) {
  let cause: 'aborted' | 'timeout' | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  let giveUp: (value: undefined) => void = () => undefined;
  const forced = new Promise<undefined>((resolved) => {
    giveUp = resolved;
  });
  const end = (why: 'aborted' | 'timeout') => {
    if (cause !== undefined) return;
    cause = why;
    signalTo(child, ownGroup, 'SIGTERM');
    killTimer = setTimeout(() => {
      signalTo(child, ownGroup, 'SIGKILL');
      killTimer = setTimeout(giveUp, AFTER_KILL_MS, undefined);
    }, graceMs);
  };
  const onAbort = () => end('aborted');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs, 'timeout');
  return {
    forced,
    cause: () => cause,
    stop() {
      options.signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      clearTimeout(killTimer);
      // The leader is gone; what it started and did not end with it must go too.
      if (cause !== undefined) signalTo(child, ownGroup, 'SIGKILL');
    },
  };
}

function signalTo(child: Child, ownGroup: boolean, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (ownGroup) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Gone already.
  }
}

/** Splits at LF, CRLF and the lone CR of progress bars. */
function emitLines(stream: Readable, name: 'stdout' | 'stderr', onLine: (line: string, stream: 'stdout' | 'stderr') => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const parts = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part, name);
    if (rest.length > MAX_LINE_CHARACTERS) {
      onLine(rest, name);
      rest = '';
    }
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('end', () => {
    take(decoder.end());
    const last = rest.replace(/\r$/, '');
    if (last !== '') onLine(last, name);
  });
}

/**
 * Looks only into absolute folders of PATH: an empty or relative entry means the current directory, where anybody may have put
 * a program of that name. A name with a slash must be an absolute path.
 */
async function find(env: Env, name: string): Promise<string | undefined> {
  if (name === '' || name.includes('\0')) return undefined;
  if (/[\\/]/.test(name)) return isAbsolute(name) && (await isProgram(name)) ? name : undefined;
  for (const folder of pathOf(env).split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    for (const ending of endingsOf(env)) {
      const candidate = join(folder, name + ending);
      if (await isProgram(candidate)) return candidate;
    }
  }
  return undefined;
}

/** Windows spells the variable `Path`. */
function pathOf(env: Env): string {
  const key = Object.keys(env).find((name) => name === 'PATH' || (process.platform === 'win32' && name.toUpperCase() === 'PATH'));
  return (key === undefined ? undefined : env[key]) ?? '';
}

function endingsOf(env: Env): readonly string[] {
  return process.platform === 'win32' ? ['', ...(env['PATHEXT'] ?? '.EXE;.CMD;.BAT').split(';')] : [''];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function definedOf(env: Env): { [name: string]: string } {
  const result: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) result[name] = value;
  return result;
}

function toolMissing(command: string): Error {
  return preconditionError({
    code: 'tool-missing',
    message: `${command} was not found`,
    reason: isAbsolute(command) ? 'it is not a file that can be run' : 'no absolute folder of PATH has a program of that name',
    hints: [{ text: 'See which tools are there and how to get the others', command: 'devstack doctor' }],
    details: { tool: command },
  });
}

function toolTimeout(command: string, timeoutMs: number, stderr: string): Error {
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return notReadyError({
    code: 'tool-timeout',
    message: `${command} did not end within ${Math.round(timeoutMs / 1000)} s and was stopped`,
    ...(last === '' ? {} : { reason: last }),
  });
}
