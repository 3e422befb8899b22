// Errors as people read them.
import { expect, test } from 'vitest';
import { failedError } from '../../src/model/error.ts';
import { errorText } from '../../src/render/errors.ts';
import { plain } from '../../src/render/paint.ts';

test('cause, end of the log, and one command for each hint', () => {
  const error = failedError({
    code: 'container-crashed', message: 'container web ended with exit code 1', reason: 'TypeError: x', details: { log: ['one', 'two\nthree'] },
    hints: [{ text: 'read its log', command: 'kubectl logs web' }, { text: 'or think' }],
  });
  expect(errorText(error, plain)).toBe([
    'error: container web ended with exit code 1', '  cause: TypeError: x', '  | one', '  | two three', '  next: read its log', '        $ kubectl logs web', '  next: or think', '',
  ].join('\n'));
});
