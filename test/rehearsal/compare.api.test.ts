// The same requests to a real kube-apiserver and to the rehearsal's: both must answer the same, field by field.
// DEVSTACK_RECORD=1 also writes what the real one said to test/fixtures/rehearsal, where the unit tests read it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Target, exchange, normalisedAnswer } from './exchange.ts';
import { startRealApiServer } from './real-api-server.ts';
import { ESTABLISHED, STAGES } from './requests/index.ts';

const assets = process.env['KUBEBUILDER_ASSETS'];
const FIXTURES = join(import.meta.dirname, '../fixtures/rehearsal');

async function answersOf(target: Target): Promise<string> {
  const lines = [...await exchange(target, STAGES, ESTABLISHED)].map(([name, answer]) => `${JSON.stringify(name)}: ${JSON.stringify(normalisedAnswer(answer))}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

describe.skipIf(assets === undefined)('the real API server (KUBEBUILDER_ASSETS)', () => {
  it('still gives the recorded answers', async () => {
    const real = await startRealApiServer(assets ?? '');
    try {
      const answers = await answersOf(real);
      if (process.env['DEVSTACK_RECORD'] === '1') {
        mkdirSync(FIXTURES, { recursive: true });
        writeFileSync(join(FIXTURES, 'answers.json'), answers);
      }
      expect(answers.length).toBeGreaterThan(0);
    } finally {
      await real.close();
    }
  });
});
