// The proof that a published port leads somewhere: a request of our own, through the same door that a person uses.
import { isDevstackError, notReadyError } from '../model/error.ts';
import type { HttpResponse } from '../ports.ts';
import { GATEWAY_HEADER } from './gateway.ts';
import type { Port } from './publish.ts';
import type { SwarmRun } from './target.ts';

export interface PortAnswer extends Port {
  readonly url: string;
  /** HTTP status; undefined where something answers that speaks another protocol. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** What a good answer is, where that is known; else any answer is good. */
export interface PortProbe {
  readonly path: string;
  readonly status: number;
  /** Text that the answer contains. */
  readonly body?: string;
}

const LOOPBACK = '127.0.0.1';
const REQUEST_MS = 3000;
const AGAIN_MS = 50;
/** A program that its tasks call running may take this long until it listens. */
const LISTEN_WITHIN_MS = 20_000;
/** Flags of a gateway whose task took the connection and then did not speak HTTP: it ended it (UC), or said something else (UPE). */
const OTHER_PROTOCOL = /\b(UC|UPE)\b/;

/** Ends when every port has answered. Throws `swarm-port-silent` with what came instead. */
export async function provePorts(ports: readonly Port[], run: SwarmRun, probe?: PortProbe): Promise<readonly PortAnswer[]> {
  return await Promise.all(ports.map((port) => prove(port, run, probe)));
}

type Seen = PortAnswer | { readonly url: string; readonly reason: string };

export interface PortStatus {
  readonly port: Port;
  readonly answer: Seen;
}

/** One request to each port, whatever comes of it; `probes` by the name of the service. */
export async function askPorts(ports: readonly Port[], run: SwarmRun, probes: ReadonlyMap<string, PortProbe | undefined>): Promise<readonly PortStatus[]> {
  return await Promise.all(ports.map(async (port) => ({ port, answer: await ask(port, run, probes.get(port.service)) })));
}

async function prove(port: Port, run: SwarmRun, probe: PortProbe | undefined): Promise<PortAnswer> {
  const { clock } = run.ports;
  const started = clock.monotonic();
  for (;;) {
    run.signal.throwIfAborted();
    const seen = await ask(port, run, probe);
    if (!('reason' in seen)) return seen;
    if (clock.monotonic() - started > LISTEN_WITHIN_MS) throw silent(port, seen.reason);
    run.onProgress(`${seen.url} does not answer yet: ${seen.reason}`);
    await clock.sleep(AGAIN_MS, run.signal);
  }
}

async function ask(port: Port, { ports, signal }: SwarmRun, probe?: PortProbe): Promise<Seen> {
  const url = `http://${port.host ?? LOOPBACK}:${port.published}${probe?.path ?? '/'}`;
  const started = ports.clock.monotonic();
  try {
    const answer = await ports.http.request({ url, timeoutMs: REQUEST_MS, signal });
    const durationMs = Math.round(ports.clock.monotonic() - started);
    const flags = answer.headers[GATEWAY_HEADER];
    if (flags === undefined) {
      const wrong = probe === undefined ? undefined : mistake(answer, probe);
      return wrong === undefined ? { ...port, url, status: answer.status, durationMs } : { url, reason: wrong };
    }
    return OTHER_PROTOCOL.test(flags) ? { ...port, url, status: undefined, durationMs } : { url, reason: answer.body.trim() };
  } catch (error) {
    if (!isDevstackError(error)) throw error;
    return { url, reason: error.reason ?? error.message };
  }
}

function mistake({ status, body }: HttpResponse, probe: PortProbe): string | undefined {
  if (status !== probe.status) return `it answered ${status} instead of ${probe.status}`;
  return probe.body === undefined || body.includes(probe.body) ? undefined : `it answered without "${probe.body}"`;
}

function silent(port: Port, reason: string) {
  return notReadyError({
    code: 'swarm-port-silent', message: `port ${port.published} of service ${port.service} does not answer as it should, though its tasks run`,
    reason,
    hints: [{ text: 'Read what the program says', command: `devstack logs ${port.service}` }],
    details: { service: port.service, published: port.published, target: port.target },
  });
}
