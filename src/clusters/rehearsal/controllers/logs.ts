// What containers have written, line by line.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import type { LogRequest, LogSource } from '../server/special.ts';

const KEPT_LINES = 1000;

interface Log {
  lines: string[];
  previous: string[];
  readonly listeners: Set<(line: string | undefined) => void>;
}

const keyOf = (pod: JsonObject, container: string): string => `${stringAt(pod, 'metadata', 'uid') ?? ''}/${container}`;

export class Logs {
  readonly #logs = new Map<string, Log>();

  #log(key: string): Log {
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const made: Log = { lines: [], previous: [], listeners: new Set() };
    this.#logs.set(key, made);
    return made;
  }

  /** A new start of a container: what it wrote before is its previous log. */
  start(pod: JsonObject, container: string): void {
    const log = this.#log(keyOf(pod, container));
    log.previous = log.lines;
    log.lines = [];
  }

  write(pod: JsonObject, container: string, line: string): void {
    const log = this.#log(keyOf(pod, container));
    log.lines.push(line);
    if (log.lines.length > KEPT_LINES) log.lines.shift();
    for (const listener of log.listeners) listener(line);
  }

  /** The container has ended; whoever follows it is told. */
  end(pod: JsonObject, container: string): void {
    for (const listener of this.#logs.get(keyOf(pod, container))?.listeners ?? []) listener(undefined);
  }

  forget(pod: JsonObject): void {
    const uid = stringAt(pod, 'metadata', 'uid') ?? '';
    for (const [key, log] of [...this.#logs]) {
      if (!key.startsWith(`${uid}/`)) continue;
      for (const listener of log.listeners) listener(undefined);
      this.#logs.delete(key);
    }
  }

  readonly source: LogSource = (request: LogRequest) => {
    const log = this.#logs.get(keyOf(request.pod, request.container));
    if (log === undefined) return undefined;
    const { follow } = request;
    if (follow !== undefined) {
      const listener = (line: string | undefined): void => (line === undefined ? follow.onEnd() : follow.onLine(line));
      log.listeners.add(listener);
      follow.signal.addEventListener('abort', () => log.listeners.delete(listener), { once: true });
    }
    const lines = request.previous ? log.previous : log.lines;
    return request.tailLines === undefined ? lines : lines.slice(-request.tailLines);
  };
}
