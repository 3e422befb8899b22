// Use case of `open` for addons with a page of their own: a way to it over loopback, for as long as the command runs.
import type { Addon, AddonPage } from '../../addons/addon.ts';
import { addons as table } from '../../addons/index.ts';
import type { KubernetesAccess } from '../../model/access.ts';
import { failedError, isDevstackError, preconditionError, usageError } from '../../model/error.ts';
import { type ObjectRef, stringAt } from '../../model/object.ts';
import type { KubeClient, Ports, ProcessResult } from '../../ports.ts';
import type { AddonPageWish, OpenedPage, RunOptions } from '../use-cases.ts';
import { installedAddons, withTarget } from './app-target.ts';

const LOOPBACK = '127.0.0.1';
/** How long a token lets in, seconds. */
const TOKEN_SECONDS = 3600;
const REACH_MS = 30_000;
const POLL_MS = 100;
const MAX_LINES = 5;

/** Throws `addon-without-page` with the names of those that have one. */
function pageOf(addon: Addon): AddonPage {
  if (addon.page !== undefined) return addon.page;
  const others = table.filter(({ page }) => page !== undefined).map(({ id }) => id);
  throw usageError({
    code: 'addon-without-page', message: `${addon.title} has no page to open`, reason: `those that have one: ${others.join(', ')}`,
    hints: [{ text: 'see what the stack has', command: 'devstack addon list' }],
  });
}

async function requireInstalled(ports: Ports, addon: Addon, { client, stack }: { readonly client: KubeClient; readonly stack: string }, { signal }: RunOptions): Promise<void> {
  const installed = installedAddons(await ports.kubeSets.inventories(client, stack, signal));
  if (installed.includes(addon.id)) return;
  throw preconditionError({
    code: 'addon-not-installed', message: `${addon.title} is not installed in stack ${stack}`,
    hints: [{ text: 'add it', command: `devstack addon add ${addon.id} --name ${stack}` }],
  });
}

/** A token that the API server makes for this occasion; it is kept nowhere. */
async function tokenOf(client: KubeClient, { namespace, name }: ObjectRef, signal: AbortSignal): Promise<string> {
  const { status, body } = await client.raw('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_SECONDS },
  }, signal);
  const token = status === 201 ? stringAt(JSON.parse(body), 'status', 'token') : undefined;
  if (token !== undefined) return token;
  throw failedError({ code: 'token-refused', message: `the API server made no token for ${namespace}/${name} (it answered ${status})` });
}

async function choosePort(ports: Ports, wanted: number | undefined): Promise<number> {
  if (wanted === undefined) return ports.network.freePort();
  if (await ports.network.canBind(wanted)) return wanted;
  throw preconditionError({ code: 'port-taken', message: `port ${wanted} of this machine is taken`, hints: [{ text: 'leave --port out: a free one is found' }] });
}

interface Forward {
  readonly access: KubernetesAccess;
  readonly page: AddonPage;
  readonly port: number;
  readonly title: string;
}

/** kubectl listens on loopback, and ends with this process. What it said last is the reason when it ends by itself. */
async function forward(ports: Ports, { access, page, port, title }: Forward, signal: AbortSignal): Promise<void> {
  const kubectl = await ports.artifacts.tool('kubectl', { signal });
  const said: string[] = [];
  const result = await ports.processes.run(kubectl, [
    '--kubeconfig', access.kubeconfig, '--context', access.context, '--namespace', page.service.namespace ?? 'default',
    'port-forward', '--address', LOOPBACK, `service/${page.service.name}`, `${port}:${page.port}`,
  ], { signal, lifeline: true, onLine: (line) => { said.push(line); said.splice(0, said.length - MAX_LINES); } }).catch((thrown: unknown): ProcessResult | undefined => {
    if (signal.aborted) return undefined;
    throw thrown;
  });
  if (result === undefined || signal.aborted) return;
  throw failedError({
    code: 'page-lost', message: `the way to ${title} has ended`, reason: said.join('; '), hints: [{ text: 'see how it is', command: 'devstack status' }],
  });
}

/** Ends when the page answers. */
async function untilAnswered(ports: Ports, url: string, signal: AbortSignal): Promise<void> {
  const started = ports.clock.monotonic();
  for (;;) {
    try {
      const { status } = await ports.http.request({ url, timeoutMs: REACH_MS, signal });
      if (status === 200) return;
    } catch (error) {
      if (!isDevstackError(error)) throw error;
    }
    if (ports.clock.monotonic() - started > REACH_MS) throw failedError({ code: 'page-silent', message: `${url} does not answer`, hints: [{ text: 'see what its pods say', command: 'devstack status' }] });
    await ports.clock.sleep(POLL_MS, signal);
  }
}

/** A way from a port of this machine. Throws `port-taken`, `page-silent`, `page-lost`; `ended` as in OpenedPage. */
export async function openWay(ports: Ports, wish: Omit<Forward, 'port'> & { readonly port: number | undefined }, signal: AbortSignal): Promise<Pick<OpenedPage, 'url' | 'ended'>> {
  const port = await choosePort(ports, wish.port);
  const stop = new AbortController();
  const ended = forward(ports, { ...wish, port }, AbortSignal.any([signal, stop.signal]));
  try {
    await Promise.race([untilAnswered(ports, `http://${LOOPBACK}:${port}${wish.page.path}`, AbortSignal.any([signal, stop.signal])), ended]);
    signal.throwIfAborted();
  } catch (error) {
    stop.abort();
    throw error;
  }
  return { url: `http://${LOOPBACK}:${port}/`, ended };
}

/** Throws what finding the stack and `openWay` throw, `addon-without-page`, `addon-not-installed`, `token-refused`. */
export async function openAddon(ports: Ports, { addon, stack, port }: AddonPageWish, options: RunOptions): Promise<OpenedPage> {
  const page = pageOf(addon);
  const { access, name, token } = await withTarget(ports, stack, options, async (target, client) => {
    await requireInstalled(ports, addon, { client, stack: target.found.stack }, options);
    return { access: target.access, name: target.found.stack, token: page.account === undefined ? undefined : await tokenOf(client, page.account, options.signal) };
  });
  const way = await openWay(ports, { access, page, port, title: addon.title }, options.signal);
  return { ...way, stack: name, token, tokenSeconds: TOKEN_SECONDS };
}
