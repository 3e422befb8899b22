import { expect, it } from 'vitest';
import { DOCKER_PROBE_LABEL } from '../../src/model/label.ts';
import type { ServiceSpec, SwarmService } from '../../src/model/swarm.ts';
import { appFile, placed, repositoryOf, withEnv, withProbe } from '../../src/swarm/app.ts';
import { probeOfService } from '../../src/swarm/deployment.ts';

const service = (Name: string, targets: readonly number[]): ServiceSpec => ({
  Name, TaskTemplate: { ContainerSpec: { Image: `${Name}:1`, Env: ['A=1'] } }, EndpointSpec: { Mode: 'vip', Ports: targets.map((TargetPort) => ({ TargetPort, PublishedPort: 8080 })) },
});
const portsOf = (services: readonly ServiceSpec[]) => services.flatMap(({ EndpointSpec }) => (EndpointSpec?.Ports ?? []).map(({ PublishedPort }) => PublishedPort));

it('ports go to the first free ones of the stack, and stay where they are', async () => {
  const room = { base: 9000, opened: [{ namespace: 'b', service: 'b_web', published: 9001, target: 80 }], isFree: async (port: number) => port !== 9000 };
  expect(portsOf(await placed([service('a', [80, 81])], room))).toEqual([9002, 9003]);
  expect(portsOf(await placed([service('b_web', [80])], room))).toEqual([9001]);
  expect(await placed([service('c', [])], room)).toEqual([service('c', [])]);
});

it('variables reach the services that run the image', () => {
  const [a, b] = withEnv([service('a', []), service('b', [])], ['a:1'], { A: '2', B: '3' });
  expect(a?.TaskTemplate.ContainerSpec?.Env).toEqual(['A=2', 'B=3']);
  expect(b).toEqual(service('b', []));
});

it.each([['a', 'a'], ['a:1', 'a'], ['localhost:5000/a', 'localhost:5000/a'], ['localhost:5000/a:1@sha256:0', 'localhost:5000/a']])('%s is of the repository %s', (image, repository) => {
  expect(repositoryOf(image)).toBe(repository);
});

it('a folder without a stack file becomes a service of its own name', () => {
  expect(appFile({ name: 'web', image: 'web:1', port: 80, published: 8080 })).toMatchObject({ name: 'web', services: { web: { image: 'web:1', environment: { PORT: '80' }, ports: [{ target: 80, published: 8080 }] } } });
});

it('the request that proves an app stays with the services that publish ports, and is read again', () => {
  const [a, b] = withProbe([service('a', [80]), service('b', [])], { path: '/answer', status: 200, body: '42' });
  const stored = (Spec: ServiceSpec): SwarmService => ({ ID: 'x', Version: { Index: 1 }, CreatedAt: '', UpdatedAt: '', Spec });
  if (a === undefined || b === undefined) throw new Error('two services');
  expect(probeOfService(stored(a))).toEqual({ path: '/answer', status: 200, body: '42' });
  expect(b).toEqual(service('b', []));
  expect(probeOfService(stored({ ...b, Labels: { [DOCKER_PROBE_LABEL]: '{"path":' } }))).toBeUndefined();
});
