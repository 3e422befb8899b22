// Where devstack keeps its files: XDG on Linux, the system's own places elsewhere, all under DEVSTACK_HOME when that is set.
import { homedir } from 'node:os';
import { posix, win32 } from 'node:path';
import { preconditionError, usageError } from '../model/error.ts';
import type { Folders, Platform } from '../ports.ts';

type Env = { readonly [name: string]: string | undefined };

/** The user's home folder; throws `home-unknown` when the environment names none. */
export function homeOf(env: Env, os: Platform['os']): string {
  const named = os === 'windows' ? env['USERPROFILE'] : env['HOME'];
  const home = named ?? systemHome();
  if (home !== undefined && pathsOf(os).isAbsolute(home)) return home;
  throw preconditionError({
    code: 'home-unknown',
    message: named === undefined || named === '' ? 'there is no home folder' : `the home folder is not an absolute path: ${named}`,
    hints: [{ text: 'Name a folder for what devstack keeps', command: 'export DEVSTACK_HOME=/tmp/devstack' }],
  });
}

/** Pure: makes nothing. Throws `home-unknown` and `folder-not-absolute`. */
export function createFolders(env: Env, os: Platform['os']): Folders {
  const { join } = pathsOf(os);
  const own = absolute(env, 'DEVSTACK_HOME', os);
  if (own !== undefined) return { state: join(own, 'state'), cache: join(own, 'cache'), config: join(own, 'config') };
  const home = (): string => homeOf(env, os);
  if (os === 'windows') {
    const local = env['LOCALAPPDATA'] ?? join(home(), 'AppData', 'Local');
    const roaming = env['APPDATA'] ?? join(home(), 'AppData', 'Roaming');
    return { state: join(local, 'devstack', 'state'), cache: join(local, 'devstack', 'cache'), config: join(roaming, 'devstack') };
  }
  const library = (name: string): string | undefined => (os === 'darwin' ? join(home(), 'Library', name) : undefined);
  // Variables of XDG are honoured on macOS too: who sets them means them.
  return {
    state: join(xdg(env, 'XDG_STATE_HOME') ?? library('Application Support') ?? join(home(), '.local', 'state'), 'devstack'),
    cache: join(xdg(env, 'XDG_CACHE_HOME') ?? library('Caches') ?? join(home(), '.cache'), 'devstack'),
    config: join(xdg(env, 'XDG_CONFIG_HOME') ?? library('Preferences') ?? join(home(), '.config'), 'devstack'),
  };
}

const pathsOf = (os: Platform['os']): typeof posix => (os === 'windows' ? win32 : posix);

function absolute(env: Env, name: string, os: Platform['os']): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (pathsOf(os).isAbsolute(value)) return value;
  throw usageError({
    code: 'folder-not-absolute',
    message: `${name} must be an absolute path, not ${value}`,
    hints: [{ text: 'Use an absolute path', command: `export ${name}="$PWD/${value}"` }],
  });
}

/** The XDG specification says: a relative path is invalid and ignored. */
function xdg(env: Env, name: string): string | undefined {
  const value = env[name];
  return value !== undefined && posix.isAbsolute(value) ? value : undefined;
}

/** homedir() throws where the user has no entry in the password file (containers with an arbitrary uid). */
function systemHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
