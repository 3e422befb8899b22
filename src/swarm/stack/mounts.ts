// `volumes:` and `tmpfs:` of a service as Swarm's mounts. Pure.
import { DOCKER_MEMBER_LABEL } from '../../model/label.ts';
import type { MountSpec } from '../../model/swarm.ts';
import type { Value } from './findings.ts';
import type { StackScope } from './scope.ts';
import { bytes, fileMode } from './units.ts';

export function mountSpecs(service: Value, scope: StackScope): readonly MountSpec[] {
  const volumes = service.get('volumes').items().flatMap((volume) => (volume.object() === undefined ? shortVolume(volume, scope) : longVolume(volume, scope)));
  const tmpfs = service.get('tmpfs').itemsOrOne().flatMap(tmpfsMount);
  return [...volumes, ...tmpfs];
}

/** `data:/var/lib:ro`, `./src:/app`, `/cache`. */
function shortVolume(volume: Value, scope: StackScope): readonly MountSpec[] {
  const text = volume.text() ?? '';
  // A drive letter of Windows is part of the path.
  const [first = '', second, options = ''] = text.split(/(?<!^[A-Za-z]):/);
  if (second === undefined) return target(volume, first, {});
  const flags = options.split(',').filter((flag) => flag !== '');
  const isReadOnly = flags.includes('ro');
  for (const flag of flags) {
    if (!['ro', 'rw', 'nocopy'].includes(flag)) volume.difference(`the option ${flag} is left out: Swarm has no such thing`);
  }
  return target(volume, second, { source: first, isReadOnly, noCopy: flags.includes('nocopy') }, scope);
}

const LONG_KEYS = ['type', 'source', 'target', 'read_only', 'bind', 'volume', 'tmpfs'];

function longVolume(volume: Value, scope: StackScope): readonly MountSpec[] {
  volume.checkKeys(LONG_KEYS, { consistency: '' });
  const type = volume.get('type').word(['bind', 'volume', 'tmpfs']);
  const path = volume.get('target').text();
  if (type === undefined || path === undefined) {
    volume.problem('needs a type (bind, volume or tmpfs) and a target');
    return [];
  }
  if (type === 'tmpfs') {
    const size = volume.get('tmpfs').get('size').measure(bytes, '64m');
    return [{ Type: 'tmpfs', Target: path, ...(size === undefined ? {} : { TmpfsOptions: { SizeBytes: size } }) }];
  }
  const source = volume.get('source').text();
  const isReadOnly = volume.get('read_only').boolean() ?? false;
  const noCopy = volume.get('volume').get('nocopy').boolean() ?? false;
  return target(volume, path, { ...(source === undefined ? {} : { source: type === 'bind' && isName(source) ? `./${source}` : source }), isReadOnly, noCopy }, scope);
}

interface Source {
  readonly source?: string;
  readonly isReadOnly?: boolean;
  readonly noCopy?: boolean;
}

function target(volume: Value, path: string, { source, isReadOnly, noCopy }: Source, scope?: StackScope): readonly MountSpec[] {
  if (!path.startsWith('/')) {
    volume.problem(`"${path}" must be an absolute path inside the container`);
    return [];
  }
  const common = { Target: path, ...(isReadOnly === true ? { ReadOnly: true } : {}) };
  if (source === undefined || scope === undefined) return [{ Type: 'volume', ...common }];
  if (!isName(source)) return bind(volume, source, { common, scope });
  const known = scope.volumes.get(source);
  if (known === undefined) {
    volume.problem(`the volume ${source} is not declared under the volumes of the file`);
    return [];
  }
  const options = known.isExternal ? {} : { Labels: { ...scope.labels, ...known.labels, [DOCKER_MEMBER_LABEL]: scope.owner }, ...known.driver };
  const VolumeOptions = { ...options, ...(noCopy === true ? { NoCopy: true } : {}) };
  return [{ Type: 'volume', Source: known.name, ...common, ...(Object.keys(VolumeOptions).length === 0 ? {} : { VolumeOptions }) }];
}

function isName(source: string): boolean {
  return /^[A-Za-z0-9][\w.-]*$/.test(source);
}

interface Bind {
  readonly common: { readonly Target: string; readonly ReadOnly?: boolean };
  readonly scope: StackScope;
}

function bind(volume: Value, source: string, { common, scope }: Bind): readonly MountSpec[] {
  if (!scope.nodesSeeHost) {
    volume.problem(`${source} is a folder of this machine, and the nodes are containers that do not see it: use a named volume, or a config for single files`);
    return [];
  }
  const path = source.startsWith('/') || /^[A-Za-z]:/.test(source) ? source : joined(scope.directory, source, scope.home);
  return [{ Type: 'bind', Source: path, ...common }];
}

/** Paths of the file are those of its folder; `..` is resolved here because the engine does not. */
function joined(directory: string, relative: string, home: string): string {
  if (relative === '~' || relative.startsWith('~/')) return home + relative.slice(1);
  const parts = directory.split('/');
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/') || '/';
}

/** `/run`, `/run:size=64m,mode=1777`. */
function tmpfsMount(tmpfs: Value): readonly MountSpec[] {
  const [path = '', options = ''] = (tmpfs.text() ?? '').split(':');
  const found: { SizeBytes?: number; Mode?: number } = {};
  for (const option of options.split(',').filter((text) => text !== '')) {
    const [key, value = ''] = option.split('=');
    const size = key === 'size' ? bytes(value) : undefined;
    const mode = key === 'mode' ? fileMode(value.padStart(4, '0')) : undefined;
    if (size !== undefined) found.SizeBytes = size;
    else if (mode !== undefined) found.Mode = mode;
    else tmpfs.difference(`the option ${option} is left out: Swarm has size and mode only`);
  }
  return [{ Type: 'tmpfs', Target: path, ...(Object.keys(found).length === 0 ? {} : { TmpfsOptions: found }) }];
}
