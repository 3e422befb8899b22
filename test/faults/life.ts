// One run of the CLI on fakes: every journal write and every outside call passes here, so that any of them can be its last.

/** What a call meets instead of, or after, doing its work. */
export interface Fault {
  readonly name: string;
  /** Before the work: an error makes it fail without having been done. */
  before?(point: string): Error | undefined;
  /** After the work: an error makes it look failed although it was done. */
  after?(point: string): Error | undefined;
  /** Something else that happens at this moment: somebody edits, a signal comes. */
  meanwhile?(): void;
}

/** Where a run dies, and what it meets. Points are numbered in the order in which they are reached. */
export interface Fate {
  readonly killAt?: number;
  readonly faults?: ReadonlyMap<number, Fault>;
  /** Told of the run before it begins. */
  born?(life: Life): void;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export class Life {
  readonly points: string[] = [];
  readonly met: string[] = [];
  /** At which point it met the last of them. */
  lastMet = -1;
  readonly stop = new AbortController();
  readonly died: Promise<'killed'>;
  readonly #fate: Fate;
  isOutOfTime = false;
  #isDead = false;
  #die: (end: 'killed') => void = () => undefined;

  constructor(fate: Fate = {}) {
    this.#fate = fate;
    this.died = new Promise((resolve) => { this.#die = resolve; });
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** From here on nothing of this run comes to anything: what SIGKILL does. */
  kill(): void {
    this.#isDead = true;
    this.#die('killed');
  }

  /** As the time-out of a step: throws what its signal throws. */
  timeOut(): never {
    this.isOutOfTime = true;
    throw new DOMException('the time is up', 'TimeoutError');
  }

  /** Does not return when the run is dead, or dies here. */
  async reach(point: string): Promise<Fault | undefined> {
    if (this.#isDead) return never();
    const index = this.points.push(point) - 1;
    if (index === this.#fate.killAt) {
      this.kill();
      return never();
    }
    const fault = this.#fate.faults?.get(index);
    if (fault === undefined) return undefined;
    this.met.push(`${fault.name} at ${point}`);
    this.lastMet = index;
    fault.meanwhile?.();
    return fault;
  }

  /** One outside call: a point before its work, and for one that changes something a point after it. */
  async call<T>(point: string, changes: boolean, work: () => Promise<T>): Promise<T> {
    const fault = await this.reach(point);
    const refused = fault?.before?.(point);
    if (refused !== undefined) throw refused;
    let result: T;
    try {
      result = await work();
    } catch (error) {
      if (this.#isDead) return never();
      throw error;
    }
    if (this.#isDead) return never();
    const broken = fault?.after?.(point);
    if (broken !== undefined) throw broken;
    if (changes) await this.reach(`${point}, done`);
    return result;
  }
}

/** All methods of a port behind `life.call`. What is in `plain` passes as it is. */
export function guarded<T extends object>(name: string, target: T, life: Life, changing: readonly (keyof T)[], plain: readonly (keyof T)[] = []): T {
  return new Proxy(target, {
    get(inner, key) {
      const value: unknown = Reflect.get(inner, key);
      if (typeof value !== 'function' || plain.includes(key as keyof T)) return value;
      return (...args: readonly unknown[]) => life.call(
        `${name} ${String(key)}${typeof args[0] === 'string' ? ` ${args[0]}` : ''}`, changing.includes(key as keyof T), async () => Reflect.apply(value, inner, args),
      );
    },
  });
}
