import { expect, test } from 'vitest';
import { isOurs, isStranded, ownerOf, readFinished, refuseForeign } from '../../../src/clusters/docker/ownership.ts';
import { failedError } from '../../../src/model/error.ts';
import { DOCKER_PROVIDER_LABEL, DOCKER_STACK_LABEL } from '../../../src/model/label.ts';
import type { Docker, DockerContainer } from '../../../src/ports.ts';

const LABELS = { [DOCKER_STACK_LABEL]: 'dev', [DOCKER_PROVIDER_LABEL]: 'kind' };
const NODE = { name: 'node', labels: {}, state: 'created', networks: ['devstack-dev'] } as unknown as DockerContainer;

function dockerThat(readFile: Docker['readFile']): Docker {
  return { readFile } as Docker;
}

test('ours is what both stack and provider have made', () => {
  expect(isOurs({ labels: LABELS }, 'dev', 'kind')).toBe(true);
  expect(isOurs({ labels: LABELS }, 'dev', 'minikube')).toBe(false);
  expect(isOurs({ labels: LABELS }, 'lab', 'kind')).toBe(false);
  expect(isOurs({ labels: {} }, 'dev', 'kind')).toBe(false);
});

test('the owner is told, or that it is nobody that devstack knows', () => {
  expect(ownerOf('network', { name: 'net', labels: LABELS })).toBe('the Docker network net belongs to stack dev of provider kind');
  expect(ownerOf('container', { name: 'box', labels: {} })).toBe('the Docker container box was not made by devstack');
});

test('stranded: never started, and made for this network alone', () => {
  expect(isStranded(NODE, 'devstack-dev')).toBe(true);
  expect(isStranded({ ...NODE, state: 'exited' } as DockerContainer, 'devstack-dev')).toBe(false);
  expect(isStranded({ ...NODE, networks: ['devstack-dev', 'bridge'] }, 'devstack-dev')).toBe(false);
  expect(isStranded(NODE, 'devstack-lab')).toBe(false);
});

test('the mark of a whole cluster: read, missing, or gone with its node in this moment; what else goes wrong is told', async () => {
  const failure = (reason: string) => failedError({ code: 'docker-failed', message: 'could not read', reason });
  expect(await readFinished(dockerThat(async () => ' 1.36.4\n'), NODE, '/mark')).toBe('1.36.4');
  expect(await readFinished(dockerThat(async () => undefined), NODE, '/mark')).toBeUndefined();
  expect(await readFinished(dockerThat(async () => { throw failure('No such container: node'); }), NODE, '/mark')).toBeUndefined();
  await expect(readFinished(dockerThat(async () => { throw failure('disk on fire'); }), NODE, '/mark')).rejects.toMatchObject({ reason: 'disk on fire' });
});

test('a name that is taken is refused with the command that takes another one', () => {
  const target = { stack: 'dev', cluster: 'devstack-dev' };
  expect(() => refuseForeign({ foreign: undefined }, target)).not.toThrow();
  expect(() => refuseForeign({ foreign: 'it is theirs' }, target, 'devstack up swarm')).toThrow(expect.objectContaining({
    code: 'cluster-not-ours', reason: 'it is theirs', hints: [{ text: 'take another name', command: 'devstack up swarm --name dev-2' }],
  }));
});
