// Which process it is, when its number alone would not say.
import { at, stringAt } from './object.ts';

/** One process, and no other that has its number later or on another machine. */
export interface ProcessMark {
  readonly pid: number;
  /** Host, boot and process namespace: within one such place a number and a start time name a process. */
  readonly place: string;
  readonly host: string;
  /** When it started, in the system's own words. Empty where the system does not say: then the number alone names it. */
  readonly started: string;
}

/** The mark in a value that was JSON; undefined when it is not whole. */
export function readProcessMark(value: unknown): ProcessMark | undefined {
  const [pid, place, host, started] = [at(value, 'pid'), stringAt(value, 'place'), stringAt(value, 'host'), stringAt(value, 'started')];
  return typeof pid === 'number' && place !== undefined && host !== undefined && started !== undefined ? { pid, place, host, started } : undefined;
}
