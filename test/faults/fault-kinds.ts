// What can go wrong at any point of a run, as a table: an error that fits the call, or something that happens meanwhile.
import { fileError } from '../../src/host/file-error.ts';
import { failedError, preconditionError } from '../../src/model/error.ts';
import { WireFault } from './cluster.ts';
import { type Errno, systemError } from './disk.ts';
import type { Fault, Life } from './life.ts';
import { STATE, type World } from './world.ts';

const reply = (status: number, reason: string, headers = {}) => new WireFault({ reply: { status, headers, body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message: reason, code: status }) } });
const broken = (code: string) => new WireFault({ error: Object.assign(new Error(code), { code }) });

function onDisk(errno: Errno): (point: string) => Error | undefined {
  return (point) => (/^(write|append|mkdir|rename|remove|chmod) /.test(point) ? fileError(systemError(errno), point.split(',')[0] ?? point, point) : undefined);
}

function on(prefix: string, make: () => Error): (point: string) => Error | undefined {
  return (point) => (point.startsWith(prefix) ? make() : undefined);
}

const engineDown = () => preconditionError({ code: 'docker-not-running', message: 'the Docker engine does not answer' });
const engineRefuses = () => failedError({ code: 'docker-failed', message: 'the engine refused', reason: 'did not receive an exit event' });

/** Errors that are met once. `after` ones are met although the work was done. */
export const ERRORS: readonly Fault[] = [
  { name: 'disk full', before: onDisk('ENOSPC') },
  { name: 'quota exceeded', before: onDisk('EDQUOT') },
  { name: 'input/output error', before: onDisk('EIO') },
  { name: 'permission denied', before: onDisk('EACCES') },
  { name: 'read-only disk', before: onDisk('EROFS') },
  { name: 'too many files', before: onDisk('EMFILE') },
  { name: 'engine gone', before: on('docker ', engineDown) },
  { name: 'engine refuses', before: on('docker ', engineRefuses) },
  { name: 'engine gone after it did it', after: on('docker ', engineDown) },
  { name: 'kind fails', before: on('kind: ', () => new Error('exit status 137')) },
  { name: 'API 500', before: on('kube ', () => reply(500, 'InternalError')) },
  { name: 'API 503', before: on('kube ', () => reply(503, 'ServiceUnavailable')) },
  { name: 'API 504', before: on('kube ', () => reply(504, 'Timeout')) },
  { name: 'API 429', before: on('kube ', () => reply(429, 'TooManyRequests', { 'retry-after': '1' })) },
  { name: 'API 409', before: on('kube PATCH', () => reply(409, 'Conflict')) },
  { name: 'API 403', before: on('kube ', () => reply(403, 'Forbidden')) },
  { name: 'API 410', before: on('kube ', () => reply(410, 'Expired')) },
  { name: 'connection refused', before: on('kube ', () => broken('ECONNREFUSED')) },
  { name: 'connection reset', before: on('kube ', () => broken('ECONNRESET')) },
  { name: 'connection reset after the request was accepted', after: on('kube ', () => broken('ECONNRESET')) },
  { name: 'connection silent', before: on('kube ', () => broken('ETIMEDOUT')) },
  { name: 'certificate of another server', before: on('kube ', () => broken('DEPTH_ZERO_SELF_SIGNED_CERT')) },
  { name: 'download fails', before: on('artifacts ', () => failedError({ code: 'download-failed', message: 'not found' })) },
  { name: 'checksum differs', before: on('artifacts ', () => failedError({ code: 'checksum-mismatch', message: 'other bytes' })) },
  { name: 'no answer of the endpoint', before: on('http ', () => failedError({ code: 'request-failed', message: 'connection refused' })) },
];

/** Things that happen meanwhile. */
export function happenings(world: World, life: () => Life): readonly Fault[] {
  const { engine, disk } = world;
  const ourNode = () => engine.containers.find((container) => container.name.startsWith('devstack-'));
  return [
    { name: 'Ctrl-C', meanwhile: () => life().stop.abort() },
    { name: 'kind delete by hand', meanwhile: () => { const node = ourNode(); if (node !== undefined) engine.containers.splice(engine.containers.indexOf(node), 1); } },
    { name: 'node stopped by hand', meanwhile: () => { const node = ourNode(); if (node !== undefined) node.state = 'exited'; } },
    { name: 'network removed by hand', meanwhile: () => { if (ourNode() === undefined) engine.networks.splice(0, engine.networks.length, ...engine.networks.filter(({ name }) => name === 'other')); } },
    { name: 'journal damaged', meanwhile: () => { const path = `${STATE}/stacks/dev/journal.ndjson`; if (disk.files.has(path)) disk.put(path, '{"v":1,"run":"x"\u0000\u0000\n{{{{'); } },
    { name: 'state folder removed', meanwhile: () => { for (const path of [...disk.files.keys()]) if (path.startsWith(`${STATE}/stacks/dev/`) && !path.includes('merged-into')) disk.files.delete(path); } },
    { name: 'clock an hour ahead', meanwhile: () => { world.time += 3_600_000; } },
    { name: 'clock an hour back', meanwhile: () => { world.time -= 3_600_000; } },
  ];
}
