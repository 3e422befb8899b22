// Run with: npm test
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { isWon, newBoard, press, touched } from './game.js';
import { createQuantum } from './server.js';

const server = createQuantum({ version: '7', color: 'teal' });
const get = (path) => fetch(`http://127.0.0.1:${server.address().port}${path}`);

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

test('says which version answers, on a connection of its own', async () => {
  const response = await get('/answer');
  const { version, color } = await response.json();
  assert.deepEqual([version, color, response.headers.get('connection'), response.headers.get('cache-control')], ['7', 'teal', 'close', 'no-store']);
});

test('serves the page and its script, and nothing else', async () => {
  assert.match(await (await get('/')).text(), /<!doctype html>/);
  assert.match((await get('/game.js')).headers.get('content-type'), /^text\/javascript/);
  for (const path of ['/server.js', '/constructor', '/../package.json', '//']) assert.equal((await get(path)).status, 404, path);
});

test('a press reaches the lamp and its neighbours', () => {
  assert.deepEqual([touched(0), touched(4), touched(5)].map((list) => list.sort()), [[0, 1, 3], [1, 3, 4, 5, 7], [2, 4, 5, 8]]);
});

test('a press flips lamps and measures what is in superposition', () => {
  const lamps = [true, false, null, null, true, true, true, true, true];
  assert.deepEqual(press(lamps, 1, () => 0.4), [false, true, true, null, false, true, true, true, true]);
  assert.deepEqual(press(lamps, 1, () => 0.6)[2], false);
});

test('every pattern of lamps can be won', () => {
  const solvable = new Set();
  for (let presses = 0; presses < 512; presses++) {
    let lamps = Array(9).fill(true);
    for (let index = 0; index < 9; index++) if (presses & (1 << index)) lamps = press(lamps, index, Math.random);
    solvable.add(lamps.map(Number).join(''));
  }
  assert.equal(solvable.size, 512);
});

test('a new board is never won, and has as many superpositions as its level', () => {
  for (let level = 0; level <= 9; level++) {
    const board = newBoard(level, () => 0);
    assert.equal(isWon(board), false);
    assert.equal(board.filter((lamp) => lamp === null).length, level);
  }
});
