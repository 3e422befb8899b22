import { describe, expect, it } from 'vitest';
import type { Files } from '../../src/ports.ts';
import { parseApp, readApp } from '../../src/scaffold/app-file.ts';
import { only } from '../fakes/ports.ts';

const good = { schema: 1, name: 'app', port: 8080, kinds: ['knative'], probe: { path: '/?x=1', status: 200, body: 'hi' } } as const;

describe('parseApp', () => {
  it('builds the folder itself unless told', () => {
    expect(parseApp(good, 'f')).toEqual({ name: 'app', port: 8080, kinds: ['knative'], probe: { path: '/?x=1', status: 200, body: 'hi' }, images: { app: '.' } });
    expect(parseApp({ ...good, images: { app: 'web' } }, 'f').images).toEqual({ app: 'web' });
  });

  it.each([
    [{ schema: 2 }, 'schema must be 1'],
    [{ name: 'No' }, 'name: it must be'],
    [{ port: 0 }, 'port must be'], [{ port: '8080' }, 'port must be'],
    [{ kinds: [] }, 'kinds must be'], [{ kinds: ['swamp'] }, 'kinds must be'], [{ kinds: 'knative' }, 'kinds must be'],
    [{ probe: { path: 'x', status: 200 } }, 'probe.path'], [{ probe: { path: '/a b', status: 200 } }, 'probe.path'],
    [{ probe: { path: '/\r\nX: y', status: 200 } }, 'probe.path'], [{ probe: { path: '/', status: 42 } }, 'probe.status'], [{ probe: 7 }, 'probe must be'],
    [{ images: { app: '../..' } }, 'inside of the app'], [{ images: { app: '/etc' } }, 'inside of the app'], [{ images: { '../x': '.' } }, 'images.../x'],
    [{ images: { app: 'C:\\x' } }, 'inside of the app'],
    [{ colour: 'red' }, 'unknown key "colour"'],
  ])('refuses %j', (change, problem) => {
    expect(() => parseApp({ ...good, ...change }, 'f')).toThrow(expect.objectContaining({ code: 'app-file-invalid', reason: expect.stringContaining(problem) }));
  });

  it('tells all problems at once', () => {
    expect(() => parseApp({}, 'f')).toThrow(expect.objectContaining({ details: { problems: expect.objectContaining({ length: 5 }) } }));
  });
});

describe('readApp', () => {
  const files = (text: string | undefined) => only<Files>('files', { readText: async () => text });

  it('is undefined in a folder without an app, and names the file that is not JSON', async () => {
    expect(await readApp('/x', files(undefined))).toBeUndefined();
    await expect(readApp('/x', files('{'))).rejects.toMatchObject({ code: 'app-file-invalid', message: expect.stringContaining('devstack.app.json') });
    await expect(readApp('/x', files('[]'))).rejects.toMatchObject({ code: 'app-file-invalid' });
  });
});
