// Use cases of `dns`: the ladder as it is right now, and a resolver of devstack's own.
import type { DomainFacts } from '../../model/fact.ts';
import { DOMAIN_LADDER } from '../../plan/domain.ts';
import { probeDomain } from '../../plan/observe.ts';
import type { Ports } from '../../ports.ts';
import type { RunOptions } from '../use-cases.ts';

const LOOPBACK = '127.0.0.1';

export function tryDomains({ network }: Ports): Promise<readonly DomainFacts[]> {
  return Promise.all(DOMAIN_LADDER.map((domain) => probeDomain(domain, network)));
}

/** `ended` resolves with the number of questions that were answered. */
export async function serveDomain({ network }: Ports, { domain, port }: { readonly domain: string; readonly port: number }, { signal, emit }: RunOptions) {
  let answered = 0;
  const told = new Set<string>();
  const server = await network.serveNames({
    port, signal,
    answer: (name) => (name === domain || name.endsWith(`.${domain}`) ? LOOPBACK : undefined),
    onQuestion(name, address) {
      if (address === undefined) return;
      answered += 1;
      // Each name once: a browser asks again and again. A stranger who invents names shall not fill the memory.
      if (told.has(name) || told.size >= 1_000) return;
      told.add(name);
      emit({ type: 'note', message: `${name} leads to ${address}` });
    },
  });
  return { port: server.port, ended: server.ended.then(() => answered) };
}
