// Which host name leads where, read from the objects: routes of Knative, mapped names, and the one port that leads into a cluster.
import type { JsonObject } from '../../model/json.ts';
import { stringAt } from '../../model/object.ts';
import { INGRESS_NODE_PORT } from '../../model/plan.ts';
import type { Api, Ref } from './controllers/api.ts';
import { isTrue } from './controllers/conditions.ts';
import { MAPPINGS } from './controllers/knative/domain-mapping.ts';
import { INGRESSES } from './controllers/knative/route.ts';
import { REVISIONS } from './controllers/knative/service.ts';
import { objectAt, objectsAt } from './server/json.ts';

/** A revision of Knative, or a Service. */
export interface Destination {
  readonly ref: Ref;
  readonly headers: { readonly [name: string]: string };
}

interface Share {
  readonly destination: Destination;
  readonly percent: number;
}

function sharesOf(rule: JsonObject): readonly Share[] {
  return objectsAt(rule, 'http', 'paths').flatMap((path) => objectsAt(path, 'splits')).map((split) => ({
    destination: {
      ref: { key: REVISIONS, namespace: String(split['serviceNamespace']), name: String(split['serviceName']) },
      headers: Object.fromEntries(Object.entries(objectAt(split, 'appendHeaders') ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)])),
    },
    percent: Number(split['percent'] ?? 100),
  }));
}

/** Spreads requests over shares as evenly as it goes: with 80 and 20 every fifth one is the other's. */
class Turns {
  readonly #credits: number[];
  readonly shares: readonly Share[];

  constructor(shares: readonly Share[]) {
    this.shares = shares;
    this.#credits = shares.map(() => 0);
  }

  next(): Destination | undefined {
    const total = this.shares.reduce((sum, { percent }) => sum + percent, 0);
    let best = -1;
    for (const [index, { percent }] of this.shares.entries()) {
      const credit = (this.#credits[index] ?? 0) + percent;
      this.#credits[index] = credit;
      if (percent > 0 && (best < 0 || credit > (this.#credits[best] ?? 0))) best = index;
    }
    if (best < 0) return undefined;
    this.#credits[best] = (this.#credits[best] ?? 0) - total;
    return this.shares[best]?.destination;
  }
}

export class Routes {
  readonly #api: Api;
  readonly #turns = new Map<string, { readonly text: string; readonly turns: Turns }>();

  constructor(api: Api) {
    this.#api = api;
  }

  /** `host` without its port. Undefined: nobody has that name. */
  find(host: string): Destination | undefined {
    const shares = this.#sharesOf(host);
    if (shares === undefined) return this.#mapped(host) ?? this.#onNodePort();
    const text = JSON.stringify(shares);
    const known = this.#turns.get(host);
    const turns = known?.text === text ? known.turns : new Turns(shares);
    this.#turns.set(host, { text, turns });
    return turns.next();
  }

  #sharesOf(host: string): readonly Share[] | undefined {
    for (const ingress of this.#api.list(INGRESSES)) {
      if (!isTrue(ingress, 'Ready')) continue;
      const rule = objectsAt(ingress, 'spec', 'rules').find(({ hosts }) => Array.isArray(hosts) && hosts.includes(host));
      if (rule !== undefined) return sharesOf(rule);
    }
    return undefined;
  }

  #mapped(host: string): Destination | undefined {
    const mapping = this.#api.list(MAPPINGS).find((found) => stringAt(found, 'metadata', 'name') === host && isTrue(found, 'Ready'));
    if (mapping === undefined) return undefined;
    return { ref: { key: 'services', namespace: stringAt(mapping, 'metadata', 'namespace') ?? '', name: stringAt(mapping, 'spec', 'ref', 'name') ?? '' }, headers: {} };
  }

  /** Without an ingress the port of the stack leads to the one Service that has its node port. */
  #onNodePort(): Destination | undefined {
    const service = this.#api.list('services').find((found) => objectsAt(found, 'spec', 'ports').some((port) => port['nodePort'] === INGRESS_NODE_PORT));
    if (service === undefined) return undefined;
    return { ref: { key: 'services', namespace: stringAt(service, 'metadata', 'namespace') ?? '', name: stringAt(service, 'metadata', 'name') ?? '' }, headers: {} };
  }
}
