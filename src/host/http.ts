// Requests to what runs here: no proxy, no redirect, no retry. undici lives here and in download.ts alone.
import type { Dispatcher } from 'undici';
import { failedError } from '../model/error.ts';
import type { Http, HttpRequest, HttpResponse } from '../ports.ts';
import { networkReason } from './http-error.ts';

const MAX_BODY_BYTES = 16 * 2 ** 20;

export function createHttp(): Http {
  return { request };
}

async function request(wanted: HttpRequest): Promise<HttpResponse> {
  wanted.signal?.throwIfAborted();
  const { Agent, request: send } = await import('undici');
  // A fresh connection each time: a probe must not be answered through one that was made before the ingress changed.
  const agent = new Agent({ pipelining: 0, connect: { timeout: wanted.timeoutMs } });
  const timeout = AbortSignal.timeout(wanted.timeoutMs);
  const signal = wanted.signal === undefined ? timeout : AbortSignal.any([wanted.signal, timeout]);
  try {
    const answer = await send(wanted.url, {
      method: (wanted.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: wanted.headers ?? {},
      body: wanted.body ?? null,
      dispatcher: agent, signal, headersTimeout: wanted.timeoutMs, bodyTimeout: wanted.timeoutMs,
    });
    return { status: answer.statusCode, headers: flat(answer.headers), body: await textOf(answer.body) };
  } catch (cause) {
    wanted.signal?.throwIfAborted();
    throw failedError({
      code: 'request-failed', message: `no answer from ${wanted.url}`, cause,
      reason: timeout.aborted ? `no answer came within ${wanted.timeoutMs} ms` : networkReason(cause),
      details: { url: wanted.url },
    });
  } finally {
    await agent.destroy();
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > MAX_BODY_BYTES) throw new Error(`the answer is larger than ${MAX_BODY_BYTES / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function flat(headers: { readonly [name: string]: string | string[] | undefined }): { readonly [name: string]: string } {
  const result: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) result[name] = Array.isArray(value) ? value.join(', ') : value;
  return result;
}
