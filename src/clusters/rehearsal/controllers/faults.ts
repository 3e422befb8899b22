// Scripts of misfortune: what shall go wrong, and where. The names are those of `--rehearse-fault`.

import { usageError } from '../../../model/error.ts';
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { FAULT_NAMES, type FaultName } from '../fault-names.ts';
import { objectAt } from '../server/json.ts';

export { FAULT_NAMES, type FaultName };

export interface Fault {
  readonly name: FaultName;
  /** Namespaces, workloads, pods or images whose name contains this; everywhere when absent. */
  readonly match?: string;
  /** Heals after this many occurrences. */
  readonly times?: number;
}

/** The faults in the settings of a spec or of a record, as they were written. */
export function faultsOf(settings: { readonly [key: string]: string } | undefined): readonly string[] {
  return (settings?.['faults'] ?? '').split(',').filter((fault) => fault !== '');
}

/** `image-pull`, `crash=hello`, `image-pull=hello*3`. Throws `fault-unknown` (exit 2). */
export function parseFault(text: string): Fault {
  const match = /^([a-z-]+)(?:=([^*]*))?(?:\*(\d+))?$/.exec(text);
  const name = FAULT_NAMES.find((known) => known === match?.[1]);
  if (match === null || name === undefined) {
    throw usageError({
      code: 'fault-unknown', message: `there is no fault ${JSON.stringify(text)}`, reason: `known: ${FAULT_NAMES.join(', ')}`,
      hints: [{ text: 'name one of them, for some objects only with `=part-of-a-name`', command: 'devstack up --provider rehearsal --rehearse-fault image-pull' }],
    });
  }
  return { name, ...(match[2] === undefined || match[2] === '' ? {} : { match: match[2] }), ...(match[3] === undefined ? {} : { times: Number(match[3]) }) };
}

export class Faults {
  #faults: { readonly fault: Fault; left: number }[] = [];

  constructor(faults: readonly Fault[] = []) {
    this.set(faults);
  }

  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(name?: FaultName): void {
    this.#faults = name === undefined ? [] : this.#faults.filter(({ fault }) => fault.name !== name);
  }

  /** True when the fault strikes one of these names now; it is used up by that. */
  strikes(name: FaultName, ...names: readonly string[]): boolean {
    const found = this.#faults.find(({ fault, left }) => fault.name === name && left > 0 && (fault.match === undefined || names.some((text) => text.includes(fault.match ?? ''))));
    if (found === undefined) return false;
    found.left -= 1;
    return true;
  }

  /** As `strikes`, without using it up. */
  threatens(name: FaultName, ...names: readonly string[]): boolean {
    return this.#faults.some(({ fault, left }) => fault.name === name && left > 0 && (fault.match === undefined || names.some((text) => text.includes(fault.match ?? ''))));
  }
}

/** The names by which a fault can mean a pod. */
export function namesOfPod(pod: JsonObject): readonly string[] {
  const labels = Object.values(objectAt(pod, 'metadata', 'labels') ?? {}).map(String);
  const namespace = stringAt(pod, 'metadata', 'namespace') ?? '';
  const name = stringAt(pod, 'metadata', 'name') ?? '';
  return [`${namespace}/${name}`, ...labels];
}

