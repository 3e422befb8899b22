// E. An engine that answers what it should not, on a socket; and what the machine itself says.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { desktopProblem } from '../../../src/clusters/docker-desktop/desktop.ts';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { unlocked } from '../../../src/clusters/swarm/membership.ts';
import { keepKey } from '../../../src/clusters/swarm/unlock-key.ts';
import { inotify } from '../../../src/doctor/checks/machine.ts';
import { connectDocker } from '../../../src/host/docker.ts';
import { createEngines } from '../../../src/host/engines.ts';
import { createFiles } from '../../../src/host/files.ts';
import type { Docker, Files, Ports, Swarm } from '../../../src/ports.ts';
import { fakePorts, only } from '../../fakes/ports.ts';
import { temporaryFolder } from '../../host/folder.ts';
import { expectCode, type FaultCase } from './case.ts';

type Answer = readonly [status: number, body: object];

interface Engine {
  readonly docker: Docker;
  readonly swarm: Swarm;
  readonly asked: readonly string[];
}

/** An engine that answers as told; the texts are those of real ones. */
async function engine(answer: (asked: string) => Answer): Promise<Engine> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const words = `${request.method} ${request.url?.split('?')[0]}`;
    asked.push(words);
    const [status, body] = answer(words);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const socket = join(temporaryFolder(), 'docker.sock');
  await new Promise<void>((resolve) => { server.listen(socket, resolve); });
  const world = { env: { DOCKER_HOST: `unix://${socket}` }, os: 'linux' as const, home: '/nonexistent', processes: { find: async () => '/usr/bin/docker' } };
  const swarm = createEngines(world).swarm(`unix://${socket}`);
  onTestFinished(() => {
    swarm.close();
    server.closeAllConnections();
    server.close();
  });
  return { docker: await connectDocker(world), swarm, asked };
}

const saying = (status: number, message: string) => (): Answer => [status, { message }];

function swarmRefuses(number: number, fault: string, code: string, message: string): FaultCase {
  return { number, fault, injected: `503 ${message.slice(0, 40)}…`, expected: `${code}, with what to do`, run: () => expectCode(code, async () => (await engine(saying(503, message))).swarm.cluster()) };
}

function lowInotify(watches: number, instances: number, state: string): FaultCase {
  return { number: 79, fault: `${watches} inotify watches, ${instances} instances`, injected: 'as the kernel says', expected: `doctor: ${state}, with the command`, run: async () => {
    const limits: { readonly [path: string]: string } = { '/proc/sys/fs/inotify/max_user_watches': `${watches}\n`, '/proc/sys/fs/inotify/max_user_instances': `${instances}\n` };
    const ports = fakePorts({ platform: { os: 'linux', arch: 'amd64', cpus: 4, memoryMi: 8192 }, files: only<Files>('files', { readText: async (path) => limits[path] }) });
    const wish = { port: 8080, cpuMilli: 1, memoryMi: 1, tools: [], programs: [], domains: [] };
    const found = await inotify.ask({ ports, wish, engine: new Promise(() => undefined), signal: new AbortController().signal });
    expect(found).toMatchObject({ state, fix: { command: expect.stringContaining('sudo sysctl') } });
    return found.message;
  } };
}

export const machineCases: readonly FaultCase[] = [
  { number: 74, fault: 'an engine with another API', injected: '400 at every call', expected: 'its own words; no version is asked for', run: async () => {
    const { docker, asked } = await engine(saying(400, 'client version 1.24 is too old. Minimum supported API version is 1.44'));
    const seen = await expectCode('docker-failed', () => docker.info());
    expect(asked.filter((words) => words.includes(' /v'))).toEqual([]);
    return seen;
  } },
  lowInotify(8192, 128, 'failed'),
  lowInotify(524_288, 128, 'warning'),
  ...(['disabled', 'paused', 'reset', 'stopped', 'starting'] as const).map((state): FaultCase => ({
    number: 84, fault: `Docker Desktop: ${state}`, injected: 'as it says of itself', expected: 'told apart, with one way out', run: async () => {
      const problem = desktopProblem(state);
      expect([problem?.exit, problem?.hints.length]).toEqual([3, 1]);
      return problem?.code ?? '';
    },
  })),
  swarmRefuses(88, 'a swarm that is locked', 'swarm-locked', 'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.'),
  swarmRefuses(88, 'a node that is no manager', 'swarm-not-manager', 'This node is not a swarm manager. Worker nodes can\'t be used to view or modify cluster state.'),
  { number: 88, fault: 'a swarm that is there already', injected: '503 at its start', expected: 'told, with whose it is', run: () => expectCode('swarm-exists', async () => {
    const { swarm } = await engine(saying(503, 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.'));
    await swarm.init({ advertise: '10.0.0.1', labels: {}, autolock: false });
  }) },
  { number: 89, fault: 'a restarted manager waits for its key', injected: 'locked until it is told', expected: 'unlocked with the key that was kept', run: async () => {
    let isLocked = true;
    const { swarm, asked } = await engine((words) => {
      if (words === 'POST /swarm/unlock') isLocked = false;
      return [200, { Swarm: { LocalNodeState: isLocked ? 'locked' : 'active', ControlAvailable: !isLocked } }];
    });
    const ports: Ports = fakePorts({ files: createFiles(), folders: { state: temporaryFolder(), cache: '/c', config: '/c' } });
    const context: ProviderContext = { ports, signal: new AbortController().signal, onProgress: () => undefined };
    await expectCode('swarm-locked', () => unlocked({ swarm }, { stack: 'dev' }, context));
    await keepKey(ports, 'dev', 'SWMKEY-1-canary');
    const { local } = await unlocked({ swarm }, { stack: 'dev' }, context);
    expect([local, asked.filter((words) => words === 'POST /swarm/unlock').length]).toEqual(['active', 1]);
    return 'told without the key, active with it';
  } },
];
