// Host names that lead to 127.0.0.1: the ladder, and what is made of it. Pure.
import type { DomainFacts } from '../model/fact.ts';
import type { Endpoint } from '../model/plan.ts';

/**
 * In order of preference. sslip.io and nip.io are one service (knowledge of both adds nothing); localtest.me is another
 * one; browsers and curl answer `*.localhost` themselves, without any DNS.
 */
export const DOMAIN_LADDER = ['127.0.0.1.sslip.io', 'localtest.me', 'localhost'] as const;

export interface DomainChoice {
  readonly domain: string;
  /** True when every program on this machine resolves it. */
  readonly resolves: boolean;
  readonly why: string;
}

function explain(facts: readonly DomainFacts[], domain: string): string {
  const failed = facts.filter((fact) => !fact.resolves && fact.domain !== domain).map((fact) => `${fact.domain}: ${fact.reason}`);
  return failed.length === 0 ? '' : ` (${failed.join('; ')})`;
}

/** The wanted domain, or the first of the ladder that resolves here, or `localhost`, which browsers answer themselves. */
export function chooseDomain(wanted: string, facts: readonly DomainFacts[]): DomainChoice {
  if (wanted !== 'auto') {
    const resolves = facts.some((fact) => fact.domain === wanted && fact.resolves);
    return { domain: wanted, resolves, why: resolves ? 'as configured' : 'as configured; it does not resolve here, so requests need a Host header' };
  }
  const first = facts.find((fact) => fact.resolves);
  if (first !== undefined) return { domain: first.domain, resolves: true, why: `resolves to 127.0.0.1 here${explain(facts, first.domain)}` };
  return {
    domain: 'localhost', resolves: false,
    why: `no public name resolves here${explain(facts, 'localhost')}; browsers answer *.localhost themselves, other programs need the Host header`,
  };
}

export interface EndpointInput {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly resolves: boolean;
}

/** URL to open, address to connect to, and a curl line that works as printed. */
export function endpointOf(input: EndpointInput): Endpoint {
  const portSuffix = input.port === 80 ? '' : `:${input.port}`;
  const url = `http://${input.host}${portSuffix}${input.path}`;
  const address = `127.0.0.1:${input.port}`;
  const quoted = (text: string) => (/^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", '%27')}'`);
  const curl = input.resolves ? `curl ${quoted(url)}` : `curl -H 'Host: ${input.host}' ${quoted(`http://${address}${input.path}`)}`;
  return { name: input.name, url, host: input.host, address, path: input.path, curl };
}
