// Sends the requests of the comparison to a server and keeps what it answers, in a form in which two servers can be compared.
import http from 'node:http';
import https from 'node:https';
import type { Json } from '../../src/model/json.ts';
import type { Answer, ApiRequest } from './requests/request.ts';

export interface Target {
  readonly url: string;
  readonly token?: string;
}

interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly warnings: readonly string[];
  readonly text: string;
}

export function send(target: Target, request: { readonly method: string; readonly path: string; readonly text?: string; readonly contentType?: string; readonly accept?: string }): Promise<RawAnswer> {
  const client = target.url.startsWith('https') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = client.request(`${target.url}${request.path}`, {
      method: request.method, rejectUnauthorized: false,
      headers: {
        'user-agent': 'devstack-test/1.0', accept: request.accept ?? 'application/json',
        ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }),
        ...(request.text === undefined ? {} : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(request.text) }),
      },
    } as https.RequestOptions, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => resolve({
        status: response.statusCode ?? 0,
        type: String(response.headers['content-type'] ?? '').replace(/;.*/, ''),
        warnings: [response.headers['warning'] ?? []].flat().flatMap((value) => value.split(/,\s*(?=299)/)),
        text: Buffer.concat(chunks).toString('utf8'),
      }));
    });
    outgoing.once('error', reject);
    outgoing.end(request.text);
  });
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Sends them one after the other; what one answers can be part of the next. Between two stages it waits until the server serves `ready`. */
export async function exchange(target: Target, stages: readonly (readonly ApiRequest[])[], ready: readonly string[]): Promise<ReadonlyMap<string, Answer>> {
  const answers = new Map<string, Answer>();
  for (const [index, stage] of stages.entries()) {
    if (index > 0) for (const path of ready) await served(target, path);
    await sendAll(target, stage, answers);
  }
  return answers;
}

async function served(target: Target, path: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  // The server tells discovery and each handler on its own: twice in a row is what counts.
  for (let count = 0; count < 2;) {
    const { status } = await send(target, { method: 'GET', path });
    count = status === 200 ? count + 1 : 0;
    if (Date.now() > deadline) throw new Error(`${path} answers ${status} after 10 s`);
    if (count < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function sendAll(target: Target, requests: readonly ApiRequest[], answers: Map<string, Answer>): Promise<void> {
  const seen = (name: string): Answer => {
    const answer = answers.get(name);
    if (answer === undefined) throw new Error(`no request named ${name} was sent before`);
    return answer;
  };
  for (const request of requests) {
    if (answers.has(request.name)) throw new Error(`two requests are named ${request.name}`);
    const path = typeof request.path === 'function' ? request.path(seen) : request.path;
    const body = typeof request.body === 'function' ? request.body(seen) : request.body;
    const text = request.text ?? (body === undefined ? undefined : JSON.stringify(body));
    const { text: answer, ...rest } = await send(target, { method: request.method, path, ...request.contentType !== undefined && { contentType: request.contentType }, ...request.accept !== undefined && { accept: request.accept }, ...text !== undefined && { text } });
    answers.set(request.name, { ...rest, body: parsed(answer) });
  }
}

const UID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const ADDRESS = /\b10\.96\.\d+\.\d+\b/g;

/** Prose of upstream, hashes of its storage, how it was built and where it listens: nothing of ours reads them. */
const IGNORED = new Set(['description', 'storageVersionHash', 'gitCommit', 'goVersion', 'compiler', 'buildDate', 'serverAddress']);

const UNORDERED = new Set(['causes', 'managedFields', 'resources']);

/** What differs between any two runs: uids, times, versions, generated names, addresses, ages. Nothing else. */
export function normalised(value: Json, key = ''): Json {
  // Go goes through maps in no order, and says some things twice; owners are ordered by the second in which they wrote.
  if (Array.isArray(value) && UNORDERED.has(key)) return [...new Set(value.map((item: Json) => JSON.stringify(normalised(item))))].sort().map((text) => JSON.parse(text) as Json);
  if (Array.isArray(value)) return value.map((item: Json) => normalised(item, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)).filter(([name]) => !IGNORED.has(name)).map(([name, item]) => [name.replace(UID, '<uid>'), normalised(item as Json, name)]));
  }
  if ((key === 'resourceVersion' || key === 'continue') && value !== '') return `<${key}>`;
  if ((key === 'nodePort' || key === 'healthCheckNodePort') && value !== 0) return '<port>';
  if (key === 'hash' || key === 'serverRelativeURL') return '<hash>';
  if (typeof value !== 'string') return value;
  return value.replace(UID, '<uid>').replace(TIME, '<time>').replace(ADDRESS, '<address>')
    .replace(/\bgen-[a-z0-9]{5}\b/g, 'gen-<random>').replace(/^\d+s$|^<unknown>$|^\d+ms$/, '<age>').replace(/127\.0\.0\.1:\d+/g, '<server>')
    .replace(/(resource version|storage version|resourceVersion|current|in record)(\W+)\d+( \(\d+\)|\))?/g, '$1$2<version>').replace(/^\d+y\d+d$/, '<age>').replace(/:\d{5}\/TCP/g, ':<port>/TCP')
    // Values as Go prints its internal structs, and a diff of two of them.
    .replace(/Invalid value: ("\{.*\}"|\{.*\}|\[\{.*\}\]): /gs, 'Invalid value: <object>: ').replace(/(previously negative\)\n)[\s\S]*$/, '$1')
    .replace(/ is invalid: \[[\s\S]*\]$/, ' is invalid: <causes>');
}

export function normalisedAnswer(answer: Answer): Answer {
  return { ...answer, warnings: answer.warnings.map((text) => String(normalised(text))), body: normalised(answer.body) };
}

/** Where the rehearsal does not follow, and why. */
export const KNOWN_DIFFERENCES: { readonly [request: string]: string } = {
  'table-daemonsets': 'an annotation that the real server makes up when it converts, and forgets in tables',
  'gadget-wrong-version': 'beside the error, the real server warns of fields that the unknown version does not have',
};
