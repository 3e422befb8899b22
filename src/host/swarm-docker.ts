// One manager of a swarm, by the API of its engine. Beside docker.ts the only user of dockerode.
import { PassThrough, type Readable } from 'node:stream';
import type Dockerode from 'dockerode';
import { at, stringAt } from '../model/object.ts';
import type { SwarmEvent, SwarmKind, SwarmSpecKind } from '../model/swarm.ts';
import type { Swarm, SwarmFilter, TaskLine } from '../ports.ts';
import type { EngineConnection } from './docker-connection.ts';
import { type ApiCall, EngineApi } from './engine-api.ts';
import { isAbsent, isRefusal, reasonOf, swarmError } from './swarm-error.ts';

const SWARM_PORT = 2377;

const PATH: { readonly [K in SwarmKind]: string } = {
  service: '/services', task: '/tasks', node: '/nodes', network: '/networks', secret: '/secrets', config: '/configs',
};

/** `connect` is called with the first request. */
export function createSwarm(endpoint: string, connect: () => Promise<EngineConnection>): Swarm {
  let opened: Promise<EngineConnection> | undefined;
  const open: Open = async (doing, work) => {
    opened ??= connect();
    const connection = await opened;
    try {
      return await work(new EngineApi(connection.client), connection.client);
    } catch (cause) {
      throw swarmError(cause, doing, (silent) => connection.fail(silent, doing));
    }
  };
  const call: Caller = (doing, request) => open(doing, (api) => api.request(request));
  return {
    endpoint,
    ...membership(call),
    ...objects(call),
    ...streams(open),
    close: () => void opened?.then((connection) => connection.close(), () => undefined),
  };
}

/** `doing` completes "could not …". */
type Open = <T>(doing: string, work: (api: EngineApi, client: Dockerode) => Promise<T>) => Promise<T>;
type Caller = <T>(doing: string, request: ApiCall) => Promise<T>;

// ── the engine's place in a swarm ───────────────────────────────────────────────────────────────────────────────────

type Membership = Pick<Swarm, 'state' | 'init' | 'join' | 'leave' | 'cluster' | 'joinToken' | 'unlockKey' | 'unlock'>;

interface InfoAnswer {
  readonly Swarm?: { readonly LocalNodeState?: string; readonly ControlAvailable?: boolean; readonly NodeID?: string; readonly Error?: string };
}
interface ClusterAnswer {
  readonly ID: string;
  readonly Spec?: { readonly Labels?: { readonly [key: string]: string } | null; readonly EncryptionConfig?: { readonly AutoLockManagers?: boolean } };
  readonly JoinTokens?: { readonly Worker?: string; readonly Manager?: string };
}

const LOCAL_STATES = ['inactive', 'pending', 'active', 'error', 'locked'] as const;

/** Listens where the others are, and nowhere else: an engine left to itself listens on every address of its machine. */
function addresses(advertise: string) {
  return { ListenAddr: `${advertise}:${SWARM_PORT}`, AdvertiseAddr: advertise, DataPathAddr: advertise };
}

function membership(call: Caller): Membership {
  return {
    async state(signal) {
      const { Swarm: said } = await call<InfoAnswer>('ask the engine about its swarm', { method: 'GET', path: '/info', signal });
      const local = LOCAL_STATES.find((state) => state === said?.LocalNodeState) ?? 'inactive';
      return { local, isManager: said?.ControlAvailable === true, nodeId: said?.NodeID ?? '', error: said?.Error ?? '' };
    },
    async init({ advertise, labels, autolock }) {
      const Spec = { Labels: labels, EncryptionConfig: { AutoLockManagers: autolock } };
      await call('start a swarm', { method: 'POST', path: '/swarm/init', body: { ...addresses(advertise), Spec } });
    },
    async join({ advertise, manager, token }) {
      const body = { ...addresses(advertise), RemoteAddrs: [manager], JoinToken: token };
      await call(`join the swarm of ${manager}`, { method: 'POST', path: '/swarm/join', body });
    },
    async leave() {
      try {
        await call('leave the swarm', { method: 'POST', path: '/swarm/leave', query: { force: true } });
      } catch (error) {
        if (!/not part of a swarm/.test(reasonOf(error))) throw error;
      }
    },
    async cluster(signal) {
      const answer = await call<ClusterAnswer>('read the swarm', { method: 'GET', path: '/swarm', signal });
      return { id: answer.ID, labels: answer.Spec?.Labels ?? {}, isAutolocked: answer.Spec?.EncryptionConfig?.AutoLockManagers === true };
    },
    async joinToken(role) {
      const { JoinTokens: tokens } = await call<ClusterAnswer>('read the swarm', { method: 'GET', path: '/swarm' });
      return (role === 'manager' ? tokens?.Manager : tokens?.Worker) ?? '';
    },
    async unlockKey() {
      return (await call<{ readonly UnlockKey?: string }>('read the unlock key', { method: 'GET', path: '/swarm/unlockkey' })).UnlockKey ?? '';
    },
    async unlock(key) {
      await call('unlock the swarm', { method: 'POST', path: '/swarm/unlock', body: { UnlockKey: key } });
    },
  };
}

// ── services, tasks, nodes, networks, secrets, configs ──────────────────────────────────────────────────────────────

type Objects = Pick<Swarm, 'list' | 'get' | 'create' | 'update' | 'rollback' | 'remove' | 'digest'>;

function objects(call: Caller): Objects {
  const update = (kind: Exclude<SwarmSpecKind, 'network'>, id: string, query: { version: number; rollback?: string }, spec: unknown): Promise<void> =>
    call(`change the ${kind} ${id}`, { method: 'POST', path: `${PATH[kind]}/${encodeURIComponent(id)}/update`, query, body: spec });
  return {
    list: (kind, filter, signal) => call(`list ${kind}s`, { method: 'GET', path: PATH[kind], query: filterQuery(kind, filter), signal }),
    get: (kind, id, signal) => ifThere(call(`read the ${kind} ${id}`, { method: 'GET', path: `${PATH[kind]}/${encodeURIComponent(id)}`, signal })),
    async create(kind, spec) {
      const answer = await call<{ readonly ID?: string; readonly Id?: string }>(`create the ${kind} ${spec.Name}`, { method: 'POST', path: `${PATH[kind]}/create`, body: spec });
      return answer.ID ?? answer.Id ?? '';
    },
    update: (kind, id, { version, spec }) => update(kind, id, { version }, spec),
    // The engine takes the spec of before, but refuses an empty one.
    rollback: (service) => update('service', service.ID, { version: service.Version.Index, rollback: 'previous' }, service.Spec),
    async remove(kind, id) {
      const query: { [name: string]: boolean } = kind === 'node' ? { force: true } : {};
      const removed = await ifThere(call(`remove the ${kind} ${id}`, { method: 'DELETE', path: `${PATH[kind]}/${encodeURIComponent(id)}`, query }).then(() => true));
      return removed ?? false;
    },
    async digest(image, signal) {
      try {
        const answer = await call<{ readonly Descriptor?: { readonly digest?: string } }>(`ask the registry of ${image}`, {
          method: 'GET', path: `/distribution/${image}/json`, signal,
        });
        return answer.Descriptor?.digest;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        return undefined;
      }
    },
  };
}

function filterQuery(kind: SwarmKind, filter: SwarmFilter = {}): { [name: string]: string } {
  // Bridges of the engine are no concern of a swarm.
  const all = kind === 'network' ? { scope: ['swarm'], ...filter } : filter;
  return Object.keys(all).length === 0 ? {} : { filters: JSON.stringify(all) };
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

// ── logs and events ─────────────────────────────────────────────────────────────────────────────────────────────────

type Streams = Pick<Swarm, 'logs' | 'serviceLogs' | 'events'>;

function streams(open: Open): Streams {
  const openLogs = (kind: 'service' | 'task', id: string, query: { tail: number; follow: boolean; details?: true }, signal: AbortSignal | undefined): Promise<Readable> => {
    const path = `${PATH[kind]}/${encodeURIComponent(id)}/logs`;
    return open(`read the log of ${kind} ${id}`, async (api, client) =>
      unframed(await api.stream({ method: 'GET', path, query: { stdout: true, stderr: true, ...query }, signal }), client));
  };
  const openEvents = (signal: AbortSignal): Promise<Readable> =>
    open('follow the events of the engine', (api) => api.stream({ method: 'GET', path: '/events', signal }));
  return {
    async logs(kind, id, tail, signal) {
      const lines: string[] = [];
      for await (const line of linesOf(await openLogs(kind, id, { tail, follow: false }, signal))) lines.push(line);
      // The engine counts the tail for each task of a service.
      return lines.slice(-tail);
    },
    serviceLogs: (id, choice, signal) => untilAborted(signal, async () => taskLinesOf(await openLogs('service', id, { ...choice, details: true }, signal))),
    events: (signal) => untilAborted(signal, async () => eventsOf(await openEvents(signal))),
  };
}

/** The text of a log: both output streams in one, without the engine's frames (a service with a TTY has none). */
function unframed(body: Readable, client: Dockerode): Readable {
  const text = new PassThrough();
  client.modem.demuxStream(body, text, text);
  body.on('end', () => text.end());
  body.on('error', (error: Error) => text.destroy(error));
  text.on('close', () => body.destroy());
  return text;
}

async function* linesOf(body: Readable): AsyncGenerator<string> {
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    const lines = (rest + String(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** With details the engine writes before each line whose it is: `com.docker.swarm.task.id=…,… text`. */
async function* taskLinesOf(body: Readable): AsyncGenerator<TaskLine> {
  for await (const text of linesOf(body)) {
    const end = text.indexOf(' ');
    const task = /(?:^|,)com\.docker\.swarm\.task\.id=([^,]+)/.exec(text.slice(0, end))?.[1];
    yield task === undefined ? { task: '', line: text } : { task, line: text.slice(end + 1) };
  }
}

async function* eventsOf(body: Readable): AsyncGenerator<SwarmEvent> {
  for await (const line of linesOf(body)) {
    if (line !== '') yield eventOf(JSON.parse(line));
  }
}

function eventOf(value: unknown): SwarmEvent {
  const attributes: { [key: string]: string } = {};
  for (const [key, text] of Object.entries(at(value, 'Actor', 'Attributes') ?? {})) attributes[key] = String(text);
  return { type: stringAt(value, 'Type') ?? '', action: stringAt(value, 'Action') ?? '', id: stringAt(value, 'Actor', 'ID') ?? '', attributes };
}

/** An abort ends the stream; anything else that goes wrong is thrown. */
async function* untilAborted<T>(signal: AbortSignal, open: () => Promise<AsyncGenerator<T>>): AsyncGenerator<T> {
  if (signal.aborted) return;
  try {
    yield* await open();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
