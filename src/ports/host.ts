// What the machine itself offers: time, programs, files, folders, the network.
import type { Json } from '../model/json.ts';
import type { ProcessMark } from '../model/process.ts';

export type OnProgress = (message: string, done?: number, total?: number) => void;

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps back. */
  monotonic(): number;
  /** Resolves after ms, rejects with an AbortError when the signal aborts. Only for back-off between tries. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface ProcessResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** It ends, with all that it has started, when this process is gone, however it went. Not with `input`; not on Windows. */
  readonly lifeline?: boolean;
  /** Told once it runs: the number of its process, and of the group of all that it starts. Not on Windows, where there are no groups. */
  onStart?(group: number): void;
  /** Each line of stdout and stderr as it comes. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface Processes {
  /**
   * Runs a program without a shell, stdin closed. Resolves for every exit code; an abort ends the whole process group.
   * Throws DevstackError `tool-missing` when the program cannot be found, AbortError when aborted, `tool-timeout`.
   */
  run(command: string, args: readonly string[], options?: ProcessOptions): Promise<ProcessResult>;
  /** Absolute path of a program on PATH, or undefined. Never one in the current directory. */
  find(name: string): Promise<string | undefined>;
}

/** Processes of devstack's own that outlive the command which starts them. */
export interface Background {
  /** Runs devstack with these words, away from this terminal. What it says goes to the end of the file `log`. Throws `tool-failed`. */
  start(words: readonly string[], log: string): Promise<ProcessMark>;
  /** The mark of this process. */
  own(): Promise<ProcessMark>;
  /** Of the process that has started this one; undefined when that is gone already. */
  parent(): Promise<ProcessMark | undefined>;
  isAlive(process: ProcessMark): Promise<boolean>;
  /** Asks it to end, and forces it after `graceMs`. Returns when it is gone; at once when it is not there. */
  end(process: ProcessMark, graceMs: number): Promise<void>;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly size: number;
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface Files {
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /** sha256 in hex, read as a stream. */
  sha256(path: string): Promise<string | undefined>;
  /**
   * Whole or not at all: temporary file in the same directory, fsync, rename, fsync of the directory. Mode 0600 unless told.
   * `keep`: through a symlink to its target, with the mode and owner of the file that is there.
   */
  write(path: string, content: string | Uint8Array, options?: { readonly mode?: number; readonly keep?: boolean }): Promise<void>;
  /** Adds to the end and makes it durable before it resolves. A new file has mode 0600. */
  append(path: string, text: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** `follow`: of what a symlink leads to. */
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileStat | undefined>;
  /** Absolute path without symlinks; of a file that does not exist, the path itself. */
  realPath(path: string): Promise<string>;
  /** What a symlink says, as written; undefined when it is none. */
  readLink(path: string): Promise<string | undefined>;
  list(directory: string): Promise<readonly string[]>;
  /**
   * A first sign when it watches, then one each time that something in the folder or below it changed; many changes may be one sign.
   * Ends when the signal aborts.
   */
  watch(folder: string, signal: AbortSignal): AsyncIterable<void>;
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Removes a file or a tree; absent is fine. */
  remove(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes what writers that were killed have left half written beside this file. */
  tidyBeside(path: string): Promise<void>;
  /** Runs `work` while holding the lock at `path`; a dead holder is taken over within a second. Throws `locked` when one holder keeps it for `waitMs`. */
  withLock<T>(path: string, work: () => Promise<T>, options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<T>;
}

export interface Folders {
  /** Kubeconfigs, journals. */
  readonly state: string;
  /** Content-addressed downloads. */
  readonly cache: string;
  /** The user's configuration. */
  readonly config: string;
}

export interface Platform {
  readonly os: 'linux' | 'darwin' | 'windows';
  readonly arch: 'amd64' | 'arm64';
  readonly cpus: number;
  readonly memoryMi: number;
}

export interface HttpRequest {
  readonly method?: string;
  /** `http://127.0.0.1:8080/path`; where the connection goes. */
  readonly url: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface Http {
  /** One request, no redirect, no retry, no proxy. Network failures throw DevstackError `request-failed`. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export interface DownloadRequest {
  readonly url: string;
  /** Where the bytes go. What an earlier try left there is resumed when the server still has the same file. */
  readonly path: string;
  /** A body that grows beyond it is refused. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  onProgress?(done: number, total: number | undefined): void;
}

/** Files from the internet, through the proxy and the certificate authorities that the user has. */
export interface Downloads {
  /**
   * Follows a few redirects, never from https to anything else; retries what may pass; gives up when no byte comes for a while.
   * Throws `download-failed` with `details.status` (absent when no answer came) and `details.url`, `disk-full`.
   */
  download(request: DownloadRequest): Promise<{ readonly bytes: number; readonly contentType: string }>;
}

export interface Network {
  /** True when 127.0.0.1:port can be bound right now. */
  canBind(port: number): Promise<boolean>;
  /** A port of 127.0.0.1 that the system says is free. */
  freePort(): Promise<number>;
  /** IPv4 addresses by the system's resolver; empty when it does not resolve within timeoutMs. */
  resolve(name: string, timeoutMs: number): Promise<readonly string[]>;
  /**
   * A resolver on 127.0.0.1, by UDP, until the signal aborts. `answer` gives the IPv4 address of a name, or undefined for what is not
   * ours: that is refused. Port 0 is any free one. Throws `port-taken`, `port-forbidden`.
   */
  serveNames(options: {
    readonly port: number; readonly signal: AbortSignal; answer(name: string): string | undefined; onQuestion?(name: string, address: string | undefined): void;
  }): Promise<{ readonly port: number; readonly ended: Promise<void> }>;
}

/** A value and where its text is, as offsets: for edits that leave every other byte alone. */
export type YamlNode =
  | { readonly kind: 'scalar' | 'alias'; readonly start: number; readonly end: number; readonly value: Json }
  | { readonly kind: 'list'; readonly start: number; readonly end: number; readonly flow: boolean; readonly items: readonly YamlItem[] }
  | { readonly kind: 'map'; readonly start: number; readonly end: number; readonly flow: boolean; readonly entries: readonly YamlEntry[] };

export interface YamlItem {
  /** Of its dash in a block list, of its value in a flow list. */
  readonly start: number;
  readonly value: YamlNode;
}

export interface YamlEntry {
  readonly key: string;
  readonly start: number;
  readonly keyEnd: number;
  /** A scalar of no length where nothing stands after the colon. */
  readonly value: YamlNode;
}

export interface Yaml {
  /** All documents of a stream, as JSON; empty ones are left out. Throws DevstackError `yaml-invalid` with line and column. */
  parseAll(text: string, name: string): readonly Json[];
  /** One document with the position of each value, for messages that name the line. */
  parse(text: string, name: string): { readonly value: Json; lineOf(path: readonly (string | number)[]): number | undefined };
  /** The one document, and where each of its values is; undefined when it has no content. */
  locate(text: string, name: string): { readonly value: Json; readonly node: YamlNode } | undefined;
  /** Text that every reader of YAML 1.1 and 1.2 understands alike. */
  stringify(value: Json): string;
}
