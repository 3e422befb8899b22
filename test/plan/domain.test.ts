import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/plan/domain.ts';

describe('the curl line of an endpoint', () => {
  const wish = { name: 'app', host: 'app.default.localhost', port: 8080, path: '/', resolves: true };

  it.each([
    [wish, ['http://app.default.localhost:8080/']],
    [{ ...wish, port: 80, path: '/a?b=c&d=e' }, ['http://app.default.localhost/a?b=c&d=e']],
    [{ ...wish, path: '/$(id)`x`?q=*', resolves: false }, ['-H', 'Host: app.default.localhost', 'http://127.0.0.1:8080/$(id)`x`?q=*']],
    [{ ...wish, path: "/it's", resolves: false }, ['-H', 'Host: app.default.localhost', 'http://127.0.0.1:8080/it%27s']],
  ])('reaches curl as it is meant: %j', (input, words) => {
    const { curl } = endpointOf(input);
    // The shell's own reading of the line, without running curl.
    const seen = execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }; ${curl}`]).toString().trimEnd().split('\n');
    expect(seen).toEqual(words);
  });
});
