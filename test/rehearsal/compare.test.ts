// What a real kube-apiserver answered to some 470 requests (recorded by compare.api.test.ts), compared field by field with ours.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import { exchange, KNOWN_DIFFERENCES, normalisedAnswer } from './exchange.ts';
import { ESTABLISHED, STAGES } from './requests/index.ts';
import type { Answer } from './requests/request.ts';

const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/rehearsal/answers.json'), 'utf8')) as { readonly [name: string]: Answer };

describe('the rehearsal server answers as the real one did', () => {
  let server: ApiServer;
  let answers: ReadonlyMap<string, Answer>;
  const bugs: unknown[] = [];

  beforeAll(async () => {
    server = await startApiServer({ clock: createClock(), onBug: (error) => bugs.push(error) });
    answers = await exchange(server, STAGES, ESTABLISHED);
  });
  afterAll(() => server.close());

  it('to as many requests as were recorded', () => {
    expect([...answers.keys()]).toEqual(Object.keys(recorded));
  });

  it.each(STAGES.flat().map((request) => request.name).filter((name) => !(name in KNOWN_DIFFERENCES)))('%s', (name) => {
    const answer = answers.get(name);
    expect(answer && normalisedAnswer(answer)).toEqual(recorded[name]);
  });

  it('without a mistake of its own', () => {
    expect(bugs).toEqual([]);
  });
});
