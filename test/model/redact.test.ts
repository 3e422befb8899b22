// What may leave the program as text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quote, redact, redactText, secretsOf, stripControls } from '../../src/model/redact.ts';

describe('redactText', () => {
  test.each([
    ['Authorization: Bearer abcdefghijklmnopqrstuv', 'abcdefghijklmnop'],
    ['curl -H "Authorization: Basic dXNlcjpwYXNz"', 'dXNlcjpwYXNz'],
    ['proxy http://ada:hunter22@proxy.corp:3128/', 'hunter22'],
    ['docker swarm unlock: SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8', '7c37Cc8654'],
    ['join --token SWMTKN-1-49nj1cmql0jkz5s954yi3oex3nedyz0fb0xx14ie39trti4wxv-8vxv8rssmk743ojnwacrr2e7c', '49nj1cmql0'],
    ['eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl', 'eyJzdWIi'],
    ['password=s3cr3tpass&x=1', 's3cr3tpass'],
    ['client-key-data: LS0tLS1CRUdJTiBSU0E=', 'LS0tLS1C'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----', 'MIIEow'],
    ['"token": "abcd1234"', 'abcd1234'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'abcdefghijkl'],
  ])('masks %j', (text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(redactText(text)).toContain('[redacted]');
  });

  test.each([
    'a basic installation of the token controller', 'secret kube-system/x is missing', 'http://hello.default.127.0.0.1.sslip.io:8080/', 'gcr.io/knative/activator@sha256:be3f16',
    'docker run -p 8080:80 a@b', 'authorization is not enforced', 'password for ada is needed', 'wait: 0/1 available',
  ])('leaves %j', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('masks values of secret variables wherever they stand', () => {
    const secrets = secretsOf({ GITHUB_TOKEN: 'canary-123', DB_PASSWORD: 'short', HOME: '/home/canary', SSH_AUTH_SOCK: '/tmp/agent.sock' });
    expect(secrets).toEqual(['canary-123']);
    expect(redactText('x canary-123 y', { secrets })).toBe('x [redacted] y');
    expect(redact({ note: ['canary-123'], token: 'abc', steps: 3 }, secrets)).toEqual({ note: ['[redacted]'], token: '[redacted]', steps: 3 });
  });

  // Quadratic, one of these would take minutes: the runner's limit is the test.
  test('ends on hostile text', () => {
    for (const unit of ['a:', '://', 'password', '\u001b[', 'eyJaaaaaaaa.', '-----BEGIN ']) expect(redactText(unit.repeat(100_000))).not.toBe('');
  });
});

describe('stripControls', () => {
  test.each([
    ['\u001b[31mred\u001b[39m', 'red'], ['\u001b]0;title\u0007x', 'x'], ['\u001b]8;;http://evil\u001b\\link', 'link'], ['50%\r60%', '50%\n60%'],
    ['a\u202eb', 'ab'], ['a\u0000b\u009bc', 'abc'], ['tab\tand\nline', 'tab\tand\nline'], ['\u001b', ''],
  ])('%j becomes %j', (text, clean) => expect(stripControls(text)).toBe(clean));

  test('keeps its own colours when asked, and no other sequence', () => {
    expect(stripControls('\u001b[31mred\u001b[39m\u001b[2Jx\u001b[8mhidden', true)).toBe('\u001b[31mred\u001b[39mxhidden');
  });

  test('leaves nothing that a terminal obeys, whatever comes in', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('\u001b', '[', ']', 'm', '3', '1', ';', '\u0007', '\\', 'x', '\r', '\u009b', '?') }), (text) => {
      expect(stripControls(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      expect(stripControls(text, true).replace(/\u001b\[(?:1|2|22|31|32|33|36|39)m/g, '')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
    }));
  });
});

test('quote shows control characters and cuts', () => {
  expect(quote('a\nb\u202e')).toBe('"a\\nb\\u202e"');
  expect(quote('x'.repeat(100))).toHaveLength(63);
});
