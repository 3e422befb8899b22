// What a person sees of an app: the page, and the browser that shows it.
import { isDevstackError } from '../../model/error.ts';
import type { Endpoint } from '../../model/plan.ts';
import type { Ports } from '../../ports.ts';
import type { RunOptions } from '../use-cases.ts';

/** A cold start included. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Address for a browser: the root of the app where something answers there, else the path that proves it. */
export async function pageOf({ http }: Ports, endpoint: Endpoint, { signal }: RunOptions): Promise<string> {
  if (endpoint.path === '/') return endpoint.url;
  try {
    const { status } = await http.request({ url: `http://${endpoint.address}/`, headers: { host: endpoint.host, accept: 'text/html' }, timeoutMs: REQUEST_TIMEOUT_MS, signal });
    return status < 400 ? new URL('/', endpoint.url).href : endpoint.url;
  } catch (cause) {
    if (isDevstackError(cause)) return endpoint.url;
    throw cause;
  }
}

const OPENERS = { linux: ['xdg-open'], darwin: ['open'], windows: ['rundll32', 'url.dll,FileProtocolHandler'] } as const;

export async function openUrl({ platform, processes }: Ports, url: string, { signal }: RunOptions): Promise<boolean> {
  const [program, ...words] = OPENERS[platform.os];
  if ((await processes.find(program)) === undefined) return false;
  return (await processes.run(program, [...words, url], { signal })).exitCode === 0;
}
