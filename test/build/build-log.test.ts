// The fixtures are what buildx 0.13 and the classic builder of Docker 26.1 really said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createBuildLog } from '../../src/build/build-log.ts';

function replay(name: string) {
  const log = createBuildLog();
  const lines = readFileSync(join(import.meta.dirname, '../fixtures/build', `${name}.txt`), 'utf8').split('\n');
  const steps = lines.flatMap((line) => log.take(line) ?? []);
  return { steps, failure: log.failure() };
}

describe('buildx', () => {
  it('tells the steps of the Dockerfile, and of the failed one what it said', () => {
    const { steps, failure } = replay('buildx-step');
    expect(steps).toEqual(['[1/3] FROM docker.io/library/busybox:1.37', '[2/3] COPY x /x', '[3/3] RUN echo one && echo two >&2 && exit 7']);
    expect(failure).toMatchObject({ cause: 'step-failed', step: '[3/3] RUN echo one && echo two >&2 && exit 7', reason: expect.stringContaining('exit code: 7') });
    expect(failure.log.split('\n').sort()).toEqual(['one', 'two']);
  });

  it('knows a base image that cannot be had', () => {
    expect(replay('buildx-base').failure).toMatchObject({ cause: 'base-unavailable', base: 'nosuch.example/base:1', reason: expect.stringContaining('no such host') });
  });

  it('knows a Dockerfile that is none, a file that is not there, a full disk', () => {
    expect(replay('buildx-parse').failure).toMatchObject({ cause: 'dockerfile-invalid', step: undefined, reason: 'dockerfile parse error on line 2: unknown instruction: CPY (did you mean COPY?)' });
    expect(replay('buildx-copy').failure).toMatchObject({ cause: 'step-failed', step: '[2/2] COPY nothere /x', reason: expect.stringContaining('"/nothere": not found') });
    expect(replay('buildx-full').failure).toMatchObject({ cause: 'disk-full' });
  });
});

describe('the classic builder', () => {
  it('tells the steps of the Dockerfile, and of the failed one what it said', () => {
    const { steps, failure } = replay('classic-step');
    expect(steps).toEqual(['FROM busybox:1.37', 'COPY x /x', 'RUN echo one && echo two >&2 && exit 7']);
    expect(failure).toEqual({
      cause: 'step-failed', step: 'RUN echo one && echo two >&2 && exit 7', base: undefined, log: 'two\none',
      reason: "The command '/bin/sh -c echo one && echo two >&2 && exit 7' returned a non-zero code: 7",
    });
  });

  it('knows a base image that cannot be had', () => {
    expect(replay('classic-base').failure).toMatchObject({ cause: 'base-unavailable', base: 'nosuch.example/base:1', reason: expect.stringContaining('no such host') });
  });

  it('knows a Dockerfile that is none, a file that is not there, a full disk', () => {
    expect(replay('classic-parse').failure).toMatchObject({ cause: 'dockerfile-invalid', reason: expect.stringContaining('unknown instruction: CPY') });
    expect(replay('classic-copy').failure).toMatchObject({ cause: 'step-failed', step: 'COPY nothere /x', reason: expect.stringContaining('file not found in build context') });
    expect(replay('classic-full').failure).toMatchObject({ cause: 'disk-full' });
  });
});

it('says so when the builder says nothing', () => {
  expect(createBuildLog().failure()).toEqual({ cause: 'unknown', reason: 'the builder gave no reason', step: undefined, base: undefined, log: '' });
});

it('keeps the end of a long log', () => {
  const log = createBuildLog();
  log.take('#7 [2/2] RUN make');
  for (let line = 0; line < 500; line++) log.take(`#7 ${line}.5 line ${line}`);
  log.take('#7 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2');
  expect(log.failure().log.split('\n')).toHaveLength(20);
  expect(log.failure().log.endsWith('line 499')).toBe(true);
});
