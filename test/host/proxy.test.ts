import { expect, test } from 'vitest';
import { proxyFor, withoutCredentials } from '../../src/host/proxy.ts';

const through = (url: string, env: { readonly [name: string]: string }): string | undefined => proxyFor(new URL(url), env)?.href;

test('the variable of the scheme, lower case first, then ALL_PROXY', () => {
  const env = { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1', HTTP_PROXY: 'plain:2', ALL_PROXY: 'http://all:3' };
  expect(through('https://x.test/', env)).toBe('http://lower:1/');
  expect(through('http://x.test/', env)).toBe('http://plain:2/');
  expect(through('https://x.test/', { ALL_PROXY: 'socks5://all:3' })).toBe('socks5://all:3');
  expect(through('https://x.test/', { HTTP_PROXY: 'http://plain:2', HTTPS_PROXY: '' })).toBeUndefined();
});

test('this machine is never behind a proxy', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]', 'app.localhost']) {
    expect(through(`http://${host}:8080/`, { http_proxy: 'http://p:1', all_proxy: 'http://p:1' })).toBeUndefined();
  }
});

test.each([
  ['x.test', 'https://x.test/', true],
  ['x.test', 'https://a.x.test/', true],
  ['x.test', 'https://notx.test/', false],
  ['.x.test, other', 'https://a.x.test/', true],
  ['*.x.test', 'https://a.x.test/', true],
  ['X.TEST', 'https://x.test/', true],
  ['x.test:443', 'https://x.test/', true],
  ['x.test:8443', 'https://x.test/', false],
  ['10.0.0.0/8', 'https://10.1.2.3/', true],
  ['10.0.0.0/8', 'https://11.1.2.3/', false],
  ['10.0.0.0/99,nonsense/x', 'https://10.1.2.3/', false],
  ['fd00::/8', 'https://[fd00::1]/', true],
  ['fd00::1', 'https://[fd00::1]/', true],
  ['*', 'https://x.test/', true],
  ['', 'https://x.test/', false],
])('NO_PROXY=%s and %s: direct is %s', (no, url, direct) => {
  expect(through(url, { https_proxy: 'http://p:1', no_proxy: no }) === undefined).toBe(direct);
});

test('an address that is none names its variable', () => {
  for (const value of ['http://', 'ftp://p', ':::']) {
    expect(() => through('https://x.test', { HTTPS_PROXY: value })).toThrow(expect.objectContaining({ code: 'proxy-invalid', exit: 2, message: expect.stringContaining('HTTPS_PROXY') }));
  }
});

test('passwords are not shown', () => {
  expect(withoutCredentials(new URL('http://me:secret@p:1/x'))).toBe('http://p:1/x');
});
