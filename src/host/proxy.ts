// Which proxy a request goes through: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY as curl and Go's tools read them. Pure.
import { BlockList, isIP } from 'node:net';
import { usageError } from '../model/error.ts';

type Env = { readonly [name: string]: string | undefined };

/** Address of the proxy, or undefined for a direct connection. What runs on this machine is always reached directly. */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLoopback(host)) return undefined;
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = variable(env, name) ?? variable(env, 'all_proxy');
  if (value === undefined || isExcluded(host, url, variable(env, 'no_proxy') ?? '')) return undefined;
  return proxyUrl(value, name);
}

/** The address without its password, for messages. */
export function withoutCredentials(url: URL): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Lower case first, as curl does. Empty counts as unset. */
function variable(env: Env, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function proxyUrl(value: string, name: string): URL {
  try {
    const url = new URL(value.includes('://') ? value : `http://${value}`);
    if (['http:', 'https:', 'socks5:'].includes(url.protocol) && url.hostname !== '') return url;
  } catch {
    // Said below.
  }
  throw usageError({
    code: 'proxy-invalid', message: `${name.toUpperCase()} is not the address of a proxy`,
    reason: 'it must look like http://proxy.example:3128',
    hints: [{ text: 'Go without it', command: `unset ${name} ${name.toUpperCase()}` }],
  });
}

function isExcluded(host: string, url: URL, list: string): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list.split(/[\s,]+/).filter((entry) => entry !== '').some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(entry, host);
  const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const wanted = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return host === wanted || host.endsWith(`.${wanted}`);
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || family !== isIP(host) || !/^\d{1,3}$/.test(bits)) return false;
  try {
    const ranges = new BlockList();
    ranges.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return ranges.check(host, family === 4 ? 'ipv4' : 'ipv6');
  } catch {
    return false;
  }
}
