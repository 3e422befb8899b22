import { describe, expect, test } from 'vitest';
import { createFolders, homeOf } from '../../src/host/folders.ts';
import { createPlatform } from '../../src/host/platform.ts';

describe('folders', () => {
  test('Linux: the XDG places, by their variables when these are absolute', () => {
    expect(createFolders({ HOME: '/home/me' }, 'linux')).toEqual({
      state: '/home/me/.local/state/devstack', cache: '/home/me/.cache/devstack', config: '/home/me/.config/devstack',
    });
    expect(createFolders({ HOME: '/home/me', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'relative', XDG_CONFIG_HOME: '' }, 'linux')).toEqual({
      state: '/s/devstack', cache: '/home/me/.cache/devstack', config: '/home/me/.config/devstack',
    });
  });

  test('macOS and Windows: their own places', () => {
    expect(createFolders({ HOME: '/Users/me' }, 'darwin').cache).toBe('/Users/me/Library/Caches/devstack');
    expect(createFolders({ USERPROFILE: 'C:\\Users\\me' }, 'windows')).toEqual({
      state: 'C:\\Users\\me\\AppData\\Local\\devstack\\state', cache: 'C:\\Users\\me\\AppData\\Local\\devstack\\cache', config: 'C:\\Users\\me\\AppData\\Roaming\\devstack',
    });
  });

  test('DEVSTACK_HOME holds all, and needs no home', () => {
    expect(createFolders({ DEVSTACK_HOME: '/d' }, 'linux')).toEqual({ state: '/d/state', cache: '/d/cache', config: '/d/config' });
    expect(() => createFolders({ DEVSTACK_HOME: 'd', HOME: '/h' }, 'linux')).toThrow(expect.objectContaining({ code: 'folder-not-absolute', exit: 2 }));
  });

  test('an empty or relative HOME is told, with a command', () => {
    for (const HOME of ['', 'me']) {
      expect(() => homeOf({ HOME }, 'linux')).toThrow(expect.objectContaining({ code: 'home-unknown', exit: 3, hints: [expect.objectContaining({ command: expect.any(String) })] }));
    }
    expect(homeOf({}, 'linux')).toMatch(/^\//);
  });
});

describe('platform', () => {
  test('names of images and downloads', () => {
    expect(createPlatform('win32', 'x64')).toMatchObject({ os: 'windows', arch: 'amd64' });
    expect(createPlatform('darwin', 'arm64')).toMatchObject({ os: 'darwin', arch: 'arm64' });
    const here = createPlatform();
    expect(here.cpus).toBeGreaterThan(0);
    expect(here.memoryMi).toBeGreaterThan(100);
  });

  test('others are refused', () => {
    for (const [system, machine] of [['freebsd', 'x64'], ['linux', 'riscv64']]) {
      expect(() => createPlatform(system, machine)).toThrow(expect.objectContaining({ code: 'platform-unsupported', exit: 3 }));
    }
  });
});
