// The way out: names that lead back to this machine, proxies.
import { isDevstackError } from '../../model/error.ts';
import { type Check, ok, skipped, warning } from '../check.ts';

const RESOLVE_MS = 2_000;
const LOOPBACK = '127.0.0.1';
/** Where manifests and tools come from. */
const REGISTRY = 'github.com';
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;
/** What must never go through a proxy: this machine, and what is inside of a cluster. */
const DIRECT = [LOOPBACK, 'localhost', '10.96.0.0/12', '10.244.0.0/16', '.svc', '.cluster.local'] as const;

export const dns: Check = {
  id: 'dns', title: 'Names for services',
  async ask({ ports, wish }) {
    const answers = await Promise.all(wish.domains.map(async (domain) => ({ domain, addresses: await ports.network.resolve(`probe.${domain}`, RESOLVE_MS) })));
    const good = answers.find(({ addresses }) => addresses.includes(LOOPBACK));
    if (good !== undefined) return ok(`*.${good.domain} leads to ${LOOPBACK}`);
    const [first] = wish.domains;
    if (wish.domains.length === 1) return warning(`*.${first} does not lead to ${LOOPBACK}`, { text: 'answer these names yourself', command: `devstack dns serve --domain ${first}` });
    // The bare name has a public address: when that resolves, somebody takes out answers that point to private ones.
    const online = (await ports.network.resolve('sslip.io', RESOLVE_MS)).length > 0;
    const why = online ? 'your resolver takes out answers that point to this machine (rebinding protection)' : 'no name server answers';
    return warning(`${why}; browsers open *.localhost all the same, other programs need a Host header, which devstack prints`, {
      text: online ? 'allow sslip.io in the rebinding protection of your router or resolver, or answer names yourself' : 'offline nothing has to be done; names for every program',
      command: 'devstack dns serve',
    });
  },
};

export const proxy: Check = {
  id: 'proxy', title: 'Proxy',
  async ask({ ports }) {
    const set = PROXY_VARIABLES.filter((name) => (ports.env[name] ?? '') !== '');
    if (set.length === 0) return ok('none');
    const local = set.find((name) => isLoopback(ports.env[name] ?? ''));
    // https://github.com/kubernetes-sigs/kind/issues/1459
    if (local !== undefined) {
      return warning(`${local} leads to this machine, where no node can follow`, {
        text: 'give it an address that containers reach', command: `export ${local}=http://host.docker.internal:3128`,
      });
    }
    const direct = (ports.env['NO_PROXY'] ?? ports.env['no_proxy'] ?? '').split(',').map((entry) => entry.trim());
    const missing = direct.includes('*') ? [] : DIRECT.filter((entry) => !direct.includes(entry));
    if (missing.length === 0) return ok(`${set.join(', ')}, with exceptions for this machine and clusters`);
    const whole = [...direct.filter((entry) => entry !== ''), ...missing].join(',');
    return warning(`${set.join(', ')} is set, but NO_PROXY lacks ${missing.join(', ')}`, {
      text: 'let local traffic go directly', command: `export NO_PROXY=${whole}`,
    });
  },
};

function isLoopback(proxyUrl: string): boolean {
  const text = proxyUrl.includes('://') ? proxyUrl : `http://${proxyUrl}`;
  return URL.canParse(text) && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(text).hostname);
}

/** Does somebody between here and the registries sign with an authority of their own? Then nodes cannot pull either. */
export const interception: Check = {
  id: 'tls', title: 'Certificates',
  async ask({ ports, signal }) {
    if (PROXY_VARIABLES.some((name) => (ports.env[name] ?? '') !== '')) return skipped('everything goes through the proxy');
    try {
      await ports.http.request({ method: 'HEAD', url: `https://${REGISTRY}/`, timeoutMs: RESOLVE_MS, signal });
      return ok(`${REGISTRY} is who it says`);
    } catch (error) {
      const reason = isDevstackError(error) ? error.reason ?? '' : String(error);
      if (!/certificate/i.test(reason)) return skipped(`${REGISTRY} is out of reach: what is not in the cache cannot be fetched`);
      return warning(`${REGISTRY}: ${reason}`, {
        text: 'name the authority of your company; the engine needs it as well', command: 'export DEVSTACK_CA_FILE=/path/to/ca.pem',
      });
    }
  },
};
