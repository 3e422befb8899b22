import { describe, expect, it } from 'vitest';
import { buildArguments, createImageBuilder, planImage } from '../../src/build/build-image.ts';
import type { ImageBuild } from '../../src/model/plan.ts';
import type { Docker, DockerImage, FileStat, Files, Processes, ProcessResult } from '../../src/ports.ts';
import { only } from '../fakes/ports.ts';

const request = { folder: '/app', name: 'web', buildArgs: {}, arch: 'amd64' };
const file: FileStat = { kind: 'file', size: 1, mode: 0o644, modifiedMs: 0 };
const files = only<Files>('files', {
  stat: async (path) => (path === '/app' ? { ...file, kind: 'directory' } : file),
  list: async (path) => (path === '/app' ? ['Dockerfile'] : []),
  readText: async () => undefined, readLink: async () => undefined, sha256: async () => 'abc',
});

/** An engine in which a build makes an image of `arch`, or fails with these lines. */
function engine(options: { arch?: string; there?: boolean; fails?: readonly string[]; hasBuildx?: boolean; endpoint?: string } = {}) {
  const commands: string[][] = [];
  const envs: unknown[] = [];
  let isThere = options.there ?? false;
  const done: ProcessResult = { exitCode: 0, stdout: '', stderr: '' };
  const processes = only<Processes>('processes', { run: async (command, args, { env, onLine } = {}) => {
    if (args[1] === 'version') return { ...done, exitCode: options.hasBuildx === false ? 1 : 0 };
    commands.push([command, ...args]);
    envs.push(env);
    for (const line of options.fails ?? ['#4 [1/2] FROM x', '#5 [2/2] COPY y z']) onLine?.(line, 'stderr');
    isThere = options.fails === undefined;
    return { ...done, exitCode: isThere ? 0 : 1 };
  } });
  const image: DockerImage = { id: 'sha256:1', tags: [], digests: [], architecture: options.arch ?? 'amd64', os: 'linux', size: 1 };
  const docker = only<Docker>('docker', { endpoint: options.endpoint ?? 'unix:///run/x.sock', inspectImage: async () => (isThere ? image : undefined) });
  const progress: string[] = [];
  const builder = createImageBuilder({ files, processes, docker });
  /** As a step of a plan does it: names the image, looks whether it is there, builds it if not. */
  const make = async () => {
    const { build } = await planImage(request, files);
    const isThere = await builder.has(build);
    if (!isThere) await builder.build(build, { onProgress: (message) => progress.push(message), signal: new AbortController().signal });
    return { image: build.image, wasBuilt: !isThere };
  };
  return { builder, make, commands, envs, progress };
}

describe('createImageBuilder', () => {
  it('builds once: the tag is the content', async () => {
    const world = engine();
    const made = await world.make();
    expect(made).toEqual({ wasBuilt: true, image: expect.stringMatching(/^dev\.local\/web:[0-9a-f]{12}$/) });
    expect(await world.make()).toEqual({ ...made, wasBuilt: false });
    expect(world.commands).toHaveLength(1);
    expect(world.progress).toEqual(['[1/2] FROM x', '[2/2] COPY y z']);
  });

  it('builds with the engine that devstack talks to, by buildx when it is there', async () => {
    const withBuildx = engine();
    await withBuildx.make();
    expect(withBuildx.commands[0]?.slice(0, 6)).toEqual(['docker', 'buildx', 'build', '--builder', 'default', '--load']);
    expect(withBuildx.envs[0]).toMatchObject({ DOCKER_HOST: 'unix:///run/x.sock' });
    const without = engine({ hasBuildx: false });
    await without.make();
    expect(without.commands[0]?.slice(0, 3)).toEqual(['docker', 'build', '--force-rm']);
    expect(without.envs[0]).toMatchObject({ DOCKER_BUILDKIT: '0' });
  });

  it.each([
    ['image-build-failed', ['#7 [2/2] RUN false', '#7 ERROR: x', 'ERROR: failed to solve: process "false" did not complete successfully: exit code: 1'], 1],
    ['dockerfile-invalid', ['ERROR: failed to solve: dockerfile parse error on line 2: unknown instruction: CPY'], 2],
    ['base-image-unavailable', ['ERROR: failed to solve: failed to resolve source metadata for docker.io/library/go:1: no such host'], 1],
    ['disk-full', ['#7 [2/2] RUN x', '#7 ERROR: x', 'ERROR: failed to solve: write /x: no space left on device'], 1],
    ['image-build-failed', [], 1],
  ])('fails with %s', async (code, fails, exit) => {
    await expect(engine({ fails }).make()).rejects.toMatchObject({ code, exit, reason: expect.stringMatching(/./) });
  });

  it('says how to reach a mirror when the base image cannot be had', async () => {
    const fails = ['ERROR: failed to solve: go:1: failed to resolve source metadata for docker.io/library/go:1: no such host'];
    await expect(engine({ fails }).make()).rejects.toMatchObject({ message: expect.stringMatching(/^go:1,/), hints: [{ command: 'devstack deploy --build-arg BASE=mirror.example/go:1' }] });
  });

  it.each([true, false])('refuses an image that the nodes cannot run (there before: %s)', async (there) => {
    await expect(engine({ arch: 'arm64', there }).make()).rejects.toMatchObject({ code: 'image-wrong-arch', details: { architecture: 'arm64', wanted: 'amd64' } });
  });
});

it('never names an image after what it is not made of', async () => {
  const world = engine();
  const { build } = await planImage(request, files);
  const stale = { ...build, image: 'dev.local/web:000000000000' };
  await expect(world.builder.build(stale, { onProgress: () => undefined, signal: new AbortController().signal })).rejects.toMatchObject({ code: 'sources-changed' });
  expect(world.commands).toEqual([]);
});

describe('buildArguments', () => {
  const build: ImageBuild = { image: 'dev.local/web:1', folder: '/a b/$(id)', dockerfile: 'Dockerfile', buildArgs: { X: '`y` "z"' }, arch: 'amd64' };

  it('passes names as they are: there is no shell', () => {
    expect(buildArguments(build, { builder: 'classic', isLocal: true })).toEqual([
      'build', '--force-rm', '--file', '/a b/$(id)/Dockerfile', '--tag', 'dev.local/web:1', '--build-arg', 'X=`y` "z"', '/a b/$(id)',
    ]);
  });

  it('names no builder for an engine elsewhere: that of the context is the right one', () => {
    expect(buildArguments(build, { builder: 'buildx', isLocal: false })).not.toContain('--builder');
  });
});
