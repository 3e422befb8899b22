import { describe, expect, it } from 'vitest';
import { type ServiceStatus, type StatusRules, serviceStatus } from '../../src/swarm/status.ts';
import { type Frame, recording } from './recordings.ts';

/** `pending`, `converged` or `failed: kind` for each frame, repetitions left out. */
function story(frames: readonly Frame[], rules?: StatusRules): readonly string[] {
  const words = frames.map((frame) => serviceStatus(frame, rules)).map(word);
  return words.filter((one, index) => one !== words[index - 1]);
}

const word = (status: ServiceStatus): string => (status.cause === undefined ? status.state : `failed: ${status.cause.kind}`);

function last(frames: readonly Frame[]): Frame {
  const frame = frames.at(-1);
  if (frame === undefined) throw new Error('an empty recording');
  return frame;
}

describe('what becomes converged', () => {
  it.each([
    ['create', '3/3 running'],
    ['create-global', '3/3 running'],
    ['create-job', '2/2 running'],
    ['create-healthy', '2/2 running'],
    ['drain', '3/3 running'],
    ['scale-up', '5/5 running'],
  ])('%s: pending until the last task, then converged', (name, message) => {
    const frames = recording(name);
    // A drained node's task still counts until the manager has noticed.
    expect(story(frames).filter((state, index) => !(name === 'drain' && index === 0 && state === 'converged'))).toEqual(['pending', 'converged']);
    expect(serviceStatus(last(frames))).toMatchObject({ state: 'converged', message, leaving: 0 });
  });

  it('a task with a health check counts only when it is healthy', () => {
    const frames = recording('create-healthy');
    const converged = frames.find((frame) => serviceStatus(frame).state === 'converged');
    // The check succeeds after two seconds.
    expect(converged?.ms).toBeGreaterThan(2000);
  });

  it('scaled down, what leaves is counted apart', () => {
    const [first] = recording('scale-down');
    expect(first).toBeDefined();
    if (first !== undefined) expect(serviceStatus(first)).toMatchObject({ state: 'converged', running: 2, desired: 2, leaving: 3 });
  });

  it('an update is over when Swarm says so, not when the last task runs', () => {
    const frames = recording('update');
    expect(story(frames)).toEqual(['pending', 'converged']);
    const watched = frames.filter((frame) => /Swarm watches them/.test(serviceStatus(frame).message));
    expect(watched).toHaveLength(1);
    expect(serviceStatus(last(frames)).state).toBe('converged');
  });

  it('an update that starts new tasks first', () => {
    expect(story(recording('update-start-first'))).toEqual(['pending', 'converged']);
  });
});

describe('what ends at once, with its cause', () => {
  it.each([
    ['create-image-missing', 'image-missing', 'No such image: example.com/absent:1'],
    ['create-no-node', 'no-suitable-node', 'no suitable node (scheduling constraints not satisfied on 3 nodes)'],
    ['create-no-resources', 'no-suitable-node', 'no suitable node (insufficient resources on 3 nodes)'],
    ['create-port-taken', 'port-taken', 'no suitable node (host-mode port already in use on 3 nodes)'],
    ['create-bind-missing', 'mount-invalid', 'invalid mount config for type "bind": bind source path does not exist: /nothere'],
    ['create-unhealthy', 'unhealthy', 'task: non-zero exit (137): dockerexec: unhealthy container'],
    ['create-unhealthy-graceful', 'ended', 'the program has ended (exit 0); perhaps it was stopped because its health check failed'],
  ])('%s', (name, kind, message) => {
    const frames = recording(name);
    expect(story(frames)).toEqual(['pending', `failed: ${kind}`]);
    expect(serviceStatus(last(frames)).cause?.message).toBe(message);
  });

  it('a program that only ends is no service', () => {
    const frames = recording('create-exits');
    expect(serviceStatus(last(frames))).toMatchObject({ state: 'failed', cause: { kind: 'ended', message: 'the program has ended (exit 0), and a service should run on' } });
  });

  it('a program that crashes at once is seen running for a moment: the wait must outlast it', () => {
    expect(story(recording('create-crash'))).toEqual(['pending', 'converged', 'failed: crashed']);
  });

  it('a crash may heal where services wait for each other', () => {
    expect(serviceStatus(last(recording('create-crash')), { crashLimit: 3 }).state).toBe('pending');
    // Not so an image that is not there.
    expect(story(recording('create-image-missing'), { crashLimit: 3 })).toEqual(['pending', 'failed: image-missing']);
  });

  it('nothing is beyond hope while the nodes have just been started', () => {
    for (const name of ['create-image-missing', 'create-port-taken', 'create-bind-missing']) expect(serviceStatus(last(recording(name)), { crashLimit: 5, isWaking: true }).state).toBe('pending');
  });

  it('one crash is the end where nothing restarts', () => {
    const frame = last(recording('create-crash'));
    const template = { ...frame.service.Spec.TaskTemplate, RestartPolicy: { Condition: 'none' } };
    const service = { ...frame.service, Spec: { ...frame.service.Spec, TaskTemplate: template } };
    expect(serviceStatus({ ...frame, service }, { crashLimit: 3 }).state).toBe('failed');
  });

  it('a task that crashed before and runs now is no failure', () => {
    const frame = last(recording('create-crash'));
    const tasks = frame.tasks.map((task) => (task.Status.State === 'failed' ? task : { ...task, DesiredState: 'running', Status: { State: 'running' } }));
    expect(serviceStatus({ ...frame, tasks }).state).toBe('converged');
  });

  it('a missing place is waited for while an old task leaves', () => {
    const frame = last(recording('create-port-taken'));
    const [first] = frame.tasks;
    if (first === undefined) throw new Error('a recording without tasks');
    const leaving = { ...first, ID: 'old', DesiredState: 'shutdown', Status: { State: 'running' } };
    expect(serviceStatus({ ...frame, tasks: [...frame.tasks, leaving] }).state).toBe('pending');
  });
});

describe('updates that fail', () => {
  it('rolled back: pending until the old version runs again, then failed with the cause', () => {
    const frames = recording('update-image-missing-rollback');
    expect(story(frames)).toEqual(['pending', 'failed: image-missing']);
    expect(serviceStatus(last(frames)).message).toBe('the update failed and was rolled back: No such image: example.com/absent:1');
  });

  it('a task that crashes while Swarm updates is for Swarm to judge, unless it was told to go on', () => {
    const frame = last(recording('create-crash'));
    const updating = (FailureAction: string) => ({ ...frame, service: { ...frame.service, UpdateStatus: { State: 'updating' }, Spec: { ...frame.service.Spec, UpdateConfig: { Parallelism: 1, FailureAction } } } });
    expect(serviceStatus(updating('rollback')).state).toBe('pending');
    expect(serviceStatus(updating('pause')).state).toBe('pending');
    expect(serviceStatus(updating('continue'))).toMatchObject({ state: 'failed', cause: { kind: 'crashed' } });
  });

  it('a rollback that was asked for ends well', () => {
    const frames = recording('update-image-missing-rollback').filter((frame) => frame.service.UpdateStatus?.State?.startsWith('rollback') === true);
    expect(story(frames, { isRollback: true })).toEqual(['pending', 'converged']);
  });

  it('paused', () => {
    const frames = recording('update-paused');
    expect(story(frames)).toEqual(['pending', 'failed: start-failed']);
    expect(serviceStatus(last(frames)).message).toMatch(/^the update failed and is paused: starting container failed: .*no such file or directory/);
  });
});

it('says what it waits for, by the names of the nodes', () => {
  const frame = recording('create').find((one) => one.tasks.some((task) => task.Status.State === 'starting'));
  expect(frame).toBeDefined();
  if (frame !== undefined) expect(serviceStatus(frame).message).toMatch(/^0\/3 running: \w+ on [mw][12], \w+ on [mw][12], 1 more$/);
});
