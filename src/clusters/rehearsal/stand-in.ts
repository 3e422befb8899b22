// The program that answers for an image which cannot run here. It says so in every answer.

/** What it answers like. */
export type StandInKind = 'hello' | 'echo' | 'work';

/** By the last part of the repository: the images of our samples. Whatever else is asked only says what it is. */
const KNOWN: { readonly [repository: string]: StandInKind } = { 'helloworld-go': 'hello', 'go-httpbin': 'echo', 'autoscale-go': 'work', httpbin: 'echo', autoscale: 'work' };

export function standInKind(image: string): StandInKind | undefined {
  return KNOWN[image.replace(/@.*$/, '').replace(/:[^:/]*$/, '').split('/').at(-1) ?? ''];
}

/**
 * For `node -e`. Environment: PORT, and STAND_IN as JSON of image, kind and why the image itself does not run.
 * `hello` greets TARGET; `echo` shows the request, at /env the variables that are meant to be shown, and answers /status/418 with that; `work` sleeps as many milliseconds as `?sleep=` says, and looks for primes up to `?prime=`.
 */
export const STAND_IN_PROGRAM = `
'use strict';
const { image, kind, why } = JSON.parse(process.env.STAND_IN);
const note = 'rehearsal: devstack itself answers for ' + image + ', which was not run (' + why + ')';
const shown = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('HTTPBIN_ENV_')));
const bodies = {
  hello: () => 'Hello ' + (process.env.TARGET || 'World') + '!\\n' + note + '\\n',
  echo: (url, request) => JSON.stringify(url.pathname === '/env' ? { env: shown, rehearsal: note } : { args: Object.fromEntries(url.searchParams), headers: request.headers, method: request.method, url: url.href, rehearsal: note }, null, 2) + '\\n',
  work: (url, request, slept, largest) => (largest > 0 ? 'The largest prime up to ' + url.searchParams.get('prime') + ' is ' + largest + '.\\n' : '') + 'Slept for ' + slept + ' milliseconds.\\n' + note + '\\n',
};
// By division, one number after the other: it is there to burn CPU.
function largestPrime(most) {
  let found = 0;
  for (let number = 2; number <= most; number += 1) {
    let divisor = 2;
    while (divisor * divisor <= number && number % divisor !== 0) divisor += 1;
    if (divisor * divisor > number) found = number;
  }
  return found;
}
const server = require('node:http').createServer(async (request, response) => {
  const url = new URL(request.url, 'http://' + (request.headers.host || 'localhost'));
  const slept = kind === 'work' ? Math.min(60000, Number(url.searchParams.get('sleep')) || 0) : 0;
  const largest = kind === 'work' ? largestPrime(Math.min(1e7, Number(url.searchParams.get('prime')) || 0)) : 0;
  if (slept > 0) await new Promise((resolve) => setTimeout(resolve, slept));
  const body = bodies[kind] === undefined ? note + '\\n' : bodies[kind](url, request, slept, largest);
  console.log(request.method + ' ' + request.url);
  const [, status] = kind === 'echo' && /^\\/status\\/([2-5]\\d\\d)$/.exec(url.pathname) || [0, 200];
  response.writeHead(Number(status), { 'content-type': kind === 'echo' ? 'application/json' : 'text/plain; charset=utf-8', 'x-devstack-rehearsal': note.replace(/[^\\x20-\\x7e]/g, '?') });
  request.resume();
  response.end(body);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => console.log(note));
process.on('SIGTERM', () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;
