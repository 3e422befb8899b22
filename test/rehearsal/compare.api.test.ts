// The same requests to a real kube-apiserver and to the rehearsal's: both must answer the same, field by field.
// DEVSTACK_RECORD=1 also writes what the real one said to test/fixtures/rehearsal, where the unit tests read it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import { exchange, KNOWN_DIFFERENCES, normalisedAnswer, type Target } from './exchange.ts';
import { startRealApiServer } from './real-api-server.ts';
import { ESTABLISHED, STAGES } from './requests/index.ts';
import type { Answer } from './requests/request.ts';

const assets = process.env['KUBEBUILDER_ASSETS'];
const FIXTURES = join(import.meta.dirname, '../fixtures/rehearsal');

async function answersOf(server: Target & { close(): Promise<void> }): Promise<ReadonlyMap<string, Answer>> {
  try {
    return new Map([...await exchange(server, STAGES, ESTABLISHED)].map(([name, answer]) => [name, normalisedAnswer(answer)]));
  } finally {
    await server.close();
  }
}

function record(answers: ReadonlyMap<string, Answer>): void {
  mkdirSync(FIXTURES, { recursive: true });
  const lines = [...answers].map(([name, answer]) => `${JSON.stringify(name)}: ${JSON.stringify(answer)}`);
  writeFileSync(join(FIXTURES, 'answers.json'), `{\n${lines.join(',\n')}\n}\n`);
}

describe.skipIf(assets === undefined)('a real API server (KUBEBUILDER_ASSETS) and the rehearsal', () => {
  it('answer the same', async () => {
    const real = await answersOf(await startRealApiServer(assets ?? ''));
    if (process.env['DEVSTACK_RECORD'] === '1') record(real);
    const ours = await answersOf(await startApiServer({ clock: createClock() }));
    const different = [...real.keys()].filter((name) => JSON.stringify(real.get(name)) !== JSON.stringify(ours.get(name)));
    expect(different).toEqual(Object.keys(KNOWN_DIFFERENCES).filter((name) => different.includes(name)));
    expect(real.size).toBeGreaterThan(400);
  });
});
