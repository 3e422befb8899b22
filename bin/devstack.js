#!/usr/bin/env node
// Starts devstack: looks at the Node version, then hands over to dist. CommonJS and old syntax, so that an old Node can say what is wrong,
// and because Node starts it measurably faster than an ES module.
'use strict';

var MINIMUM = [20, 19];

function fail(lines, code) {
  process.stderr.write(lines.join('\n') + '\n');
  process.exitCode = code;
}

function isTooOld() {
  var version = process.versions.node.split('.').map(Number);
  return version[0] < MINIMUM[0] || (version[0] === MINIMUM[0] && version[1] < MINIMUM[1]);
}

function run() {
  var module = require('node:module');
  // Node 22.1 and newer keep compiled code between runs.
  if (module.enableCompileCache) module.enableCompileCache();
  var main;
  try {
    main = require('../dist/main.cjs');
  } catch (error) {
    // The first line names what was asked for; the lines behind it name who asked.
    if (error.code !== 'MODULE_NOT_FOUND' || error.message.split('\n')[0].indexOf('../dist/main.cjs') < 0) throw error;
    return fail(['error: devstack is not built', '  next: build it', '        $ npm run build'], 3);
  }
  main.start();
}

if (isTooOld()) {
  fail(['error: devstack needs Node ' + MINIMUM.join('.') + ' or newer, this is ' + process.versions.node, '  next: install a newer one from https://nodejs.org'], 3);
} else {
  run();
}
