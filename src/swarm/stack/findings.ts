// Reading somebody's YAML: every value checked, every problem kept with its place, nothing thrown in between.
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';

export interface Finding {
  /** `services.web.ports[0]`. */
  readonly path: string;
  readonly message: string;
}

/** Collects what is wrong (nothing is deployed then) and what Swarm does in another way than the file says. */
export class Findings {
  readonly problems: Finding[] = [];
  readonly differences: Finding[] = [];

  problem(path: string, message: string): void {
    this.problems.push({ path, message });
  }

  difference(path: string, message: string): void {
    this.differences.push({ path, message });
  }
}

/** One value of the file, its place, and where to complain. */
export class Value {
  readonly value: Json | undefined;
  readonly path: string;
  readonly findings: Findings;

  constructor(value: Json | undefined, path: string, findings: Findings) {
    this.value = value;
    this.path = path;
    this.findings = findings;
  }

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  problem(message: string): undefined {
    this.findings.problem(this.path, message);
    return undefined;
  }

  difference(message: string): void {
    this.findings.difference(this.path, message);
  }

  get(key: string): Value {
    const value = isJsonObject(this.value) ? this.value[key] : undefined;
    return new Value(value, this.path === '' ? key : `${this.path}.${key}`, this.findings);
  }

  /** Fields of a map, in the order of the file; a problem when it is something else. */
  entries(): readonly (readonly [string, Value])[] {
    if (this.isAbsent) return [];
    if (!isJsonObject(this.value)) {
      this.problem(`must be a map, not ${kindOf(this.value)}`);
      return [];
    }
    return Object.keys(this.value).map((key) => [key, this.get(key)] as const);
  }

  items(): readonly Value[] {
    if (this.isAbsent) return [];
    const list: Json | undefined = this.value;
    if (!Array.isArray(list)) {
      this.problem(`must be a list, not ${kindOf(list)}`);
      return [];
    }
    return list.map((value: Json, index) => new Value(value, `${this.path}[${index}]`, this.findings));
  }

  /** A list, or one thing instead of it. */
  itemsOrOne(): readonly Value[] {
    return this.isAbsent || Array.isArray(this.value) ? this.items() : [this];
  }

  object(): JsonObject | undefined {
    return isJsonObject(this.value) ? this.value : undefined;
  }

  /** Text; numbers and booleans as YAML writes them. */
  text(): string | undefined {
    if (this.isAbsent) return undefined;
    if (typeof this.value === 'string') return this.value;
    if (typeof this.value === 'number' || typeof this.value === 'boolean') return String(this.value);
    return this.problem(`must be text, not ${kindOf(this.value)}`);
  }

  texts(): readonly string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  boolean(): boolean | undefined {
    if (this.isAbsent) return undefined;
    if (typeof this.value === 'boolean') return this.value;
    if (this.value === 'true' || this.value === 'false') return this.value === 'true';
    return this.problem(`must be true or false, not ${kindOf(this.value)}`);
  }

  number(): number | undefined {
    if (this.isAbsent) return undefined;
    const number = typeof this.value === 'string' && this.value.trim() !== '' ? Number(this.value) : this.value;
    return typeof number === 'number' && Number.isFinite(number) ? number : this.problem(`must be a number, not ${kindOf(this.value)}`);
  }

  /** A whole number of 0 or more. */
  count(): number | undefined {
    const number = this.number();
    if (number === undefined) return undefined;
    return Number.isInteger(number) && number >= 0 ? number : this.problem(`must be a whole number, not ${number}`);
  }

  /** One of these words. */
  word<const W extends string>(words: readonly W[]): W | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return words.find((word) => word === text) ?? this.problem(`must be ${words.join(' or ')}, not "${text}"`);
  }

  /** `unit` reads the text, or gives undefined: then the problem says what it should look like. */
  measure(unit: (text: string) => number | undefined, example: string): number | undefined {
    const text = this.text();
    if (text === undefined) return undefined;
    return unit(text) ?? this.problem(`"${text}" should look like ${example}`);
  }

  /** A map, or a list of `KEY=value`. A key without a value is given to `absent`. */
  pairs(absent: (key: string) => string | undefined = () => ''): { readonly [key: string]: string } {
    const pairs: { [key: string]: string } = {};
    const set = (key: string, value: string | undefined): void => {
      if (value !== undefined) pairs[key] = value;
    };
    if (Array.isArray(this.value)) {
      for (const text of this.texts()) {
        const equals = text.indexOf('=');
        if (equals < 0) set(text, absent(text));
        else set(text.slice(0, equals), text.slice(equals + 1));
      }
    } else {
      for (const [key, value] of this.entries()) set(key, value.isAbsent ? absent(key) : value.text());
    }
    return pairs;
  }

  /** Every key that is not in these tables: `ignored` says why, anything else is a problem. */
  checkKeys(known: readonly string[], ignored: { readonly [key: string]: string } = {}): void {
    for (const [key, value] of this.entries()) {
      if (known.includes(key) || key.startsWith('x-')) continue;
      const why = ignored[key];
      if (why === undefined) value.problem('is not a key that devstack knows here');
      else if (why !== '') value.difference(why);
    }
  }
}

function kindOf(value: Json | undefined): string {
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'a map';
  return JSON.stringify(value ?? null);
}
