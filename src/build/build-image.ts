// Builds the image of an app with the local engine: buildx when it is there, the classic builder when not, nothing when it is built.
import { join } from 'node:path';
import { type DevstackError, failedError, usageError } from '../model/error.ts';
import type { ImageBuild } from '../model/plan.ts';
import type { DockerImage, Files, ImageBuilder, OnProgress, Ports, ProcessResult } from '../ports.ts';
import { type BuildFailure, type BuildLog, createBuildLog } from './build-log.ts';
import { contentTag, localImage, readContext } from './context.ts';

export interface ImageRequest {
  /** Absolute path of the context. */
  readonly folder: string;
  /** Repository below `dev.local/`. */
  readonly name: string;
  readonly buildArgs: { readonly [name: string]: string };
  readonly arch: string;
}

export interface PlannedImage {
  readonly build: ImageBuild;
  readonly files: number;
  /** Size of the context. */
  readonly bytes: number;
}

const DOCKERFILE = 'Dockerfile';

/** Names the image that the folder makes as it is now. Reads only. Throws `build-folder-missing`, `dockerfile-missing` (exit 2). */
export async function planImage(request: ImageRequest, files: Files): Promise<PlannedImage> {
  const { folder, name, buildArgs, arch } = request;
  const { entries, bytes } = await readContext(folder, DOCKERFILE, files);
  const image = localImage(name, contentTag({ entries, dockerfile: DOCKERFILE, buildArgs }));
  return { build: { image, folder, dockerfile: DOCKERFILE, buildArgs, arch }, files: entries.length, bytes };
}

type World = Pick<Ports, 'files' | 'processes' | 'docker'>;

export function createImageBuilder(world: World): ImageBuilder {
  // Does not change while devstack runs, and each question costs the start of a program.
  let hasBuildx: boolean | undefined;
  return {
    async has(build) {
      const image = await world.docker.inspectImage(build.image);
      if (image !== undefined) assertArch(image, build);
      return image !== undefined;
    },
    async build(build, options) {
      await assertUnchanged(build, world.files);
      const log = createBuildLog();
      hasBuildx ??= (await world.processes.run('docker', ['buildx', 'version'], { env: environmentFor(world.docker.endpoint), signal: options.signal })).exitCode === 0;
      const result = await runBuilder(build, world, { ...options, log, hasBuildx });
      if (result.exitCode !== 0) throw buildError(log.failure(), build);
      const image = await world.docker.inspectImage(build.image);
      if (image === undefined) throw failedError({ code: 'image-build-failed', message: `the builder reported success, but ${build.image} is not there` });
      assertArch(image, build);
    },
  };
}

/** The name says what is in the image: a folder that was changed since it was named would make it lie, for ever. */
async function assertUnchanged({ image, folder, dockerfile, buildArgs }: ImageBuild, files: Files): Promise<void> {
  const { entries } = await readContext(folder, dockerfile, files);
  if (image.endsWith(`:${contentTag({ entries, dockerfile, buildArgs })}`)) return;
  throw failedError({ code: 'sources-changed', message: `${folder} changed since the plan was made`, hints: [{ text: 'plan again', command: 'devstack deploy' }] });
}

interface Run {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly log: BuildLog;
  readonly hasBuildx: boolean;
}

async function runBuilder(build: ImageBuild, { processes, docker }: World, { onProgress, signal, log, hasBuildx }: Run): Promise<ProcessResult> {
  const env = environmentFor(docker.endpoint);
  const args = buildArguments(build, { builder: hasBuildx ? 'buildx' : 'classic', isLocal: isLocal(docker.endpoint) });
  return processes.run('docker', args, {
    env: { ...env, ...(hasBuildx ? {} : { DOCKER_BUILDKIT: '0' }) }, signal,
    onLine: (line) => {
      const step = log.take(line);
      if (step !== undefined) onProgress(step);
    },
  });
}

export interface BuilderChoice {
  readonly builder: 'buildx' | 'classic';
  /** The engine is at a socket of this machine, which DOCKER_HOST then names. */
  readonly isLocal: boolean;
}

/** The command line of a build. Pure. */
export function buildArguments({ image, folder, dockerfile, buildArgs }: ImageBuild, choice: BuilderChoice): readonly string[] {
  const common = [
    '--file', join(folder, dockerfile), '--tag', image,
    ...Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    folder,
  ];
  if (choice.builder === 'classic') return ['build', '--force-rm', ...common];
  // The builder of the engine itself (`default` is the one of DOCKER_HOST) sees its images; one in a container would not.
  const engine = choice.isLocal ? ['--builder', 'default'] : [];
  // Without `--provenance=false` the image is an index with an attestation, which kind cannot load (kind#3795).
  return ['buildx', 'build', ...engine, '--load', '--provenance=false', '--progress=plain', ...common];
}

/** The engine that devstack talks to is the one that builds. */
function environmentFor(endpoint: string): { readonly [name: string]: string } {
  // An address with certificates comes from the same DOCKER_HOST or context, which docker reads by itself.
  return { DOCKER_CLI_HINTS: 'false', ...(isLocal(endpoint) ? { DOCKER_HOST: endpoint } : {}) };
}

function isLocal(endpoint: string): boolean {
  return endpoint.startsWith('unix://') || endpoint.startsWith('npipe://');
}

function assertArch(built: DockerImage, { image, folder, dockerfile, arch }: ImageBuild): void {
  if (built.architecture === arch) return;
  throw failedError({
    code: 'image-wrong-arch', message: `${image} is for ${built.architecture}, and the nodes are ${arch}`,
    reason: 'its base image does not exist for this machine, or the Dockerfile names a platform',
    hints: [{ text: 'look for FROM --platform, and for a base image that has this architecture', command: `grep -n FROM ${join(folder, dockerfile)}` }],
    details: { image, architecture: built.architecture, wanted: arch },
  });
}

function buildError(failure: BuildFailure, build: ImageBuild): DevstackError {
  const path = join(build.folder, build.dockerfile);
  const { reason, step, log } = failure;
  const details = { ...(step === undefined ? {} : { step }), ...(log === '' ? {} : { log }) };
  switch (failure.cause) {
    case 'dockerfile-invalid':
      return usageError({ code: 'dockerfile-invalid', message: `${path} is not a valid Dockerfile`, reason, details });
    case 'disk-full':
      return failedError({ code: 'disk-full', message: `the disk filled up while ${build.image} was built`, reason, details, hints: [{ text: 'see what takes the space', command: 'docker system df' }] });
    case 'base-unavailable': {
      const base = failure.base ?? 'its base image';
      return failedError({
        code: 'base-image-unavailable', message: `${base}, which ${path} starts from, is neither here nor can it be pulled`, reason, details: { ...details, base },
        hints: [{ text: 'where a mirror has it', command: `devstack deploy --build-arg BASE=mirror.example/${base}` }],
      });
    }
    default:
      return failedError({
        code: 'image-build-failed', message: `${build.image} could not be built${step === undefined ? '' : `: ${step} failed`}`, reason, details,
        hints: [{ text: 'see all that the builder says', command: `docker build ${build.folder}` }],
      });
  }
}
