import { expect, test } from 'vitest';
import { readProcessMark } from '../../src/model/process.ts';

const MARK = { pid: 7, place: 'here', host: 'laptop', started: '' };

test('a mark is read back, without what stands beside it', () => {
  expect(readProcessMark({ ...MARK, token: 'x' })).toEqual(MARK);
});

test.each([undefined, null, 'text', [], { ...MARK, pid: '7' }, { ...MARK, host: undefined }])('no mark: %j', (value) => {
  expect(readProcessMark(value)).toBeUndefined();
});
