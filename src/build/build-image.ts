// Builds the image of an app with the local engine: buildx when it is there, the classic builder when not, nothing when it is built.
import { join } from 'node:path';
import { type DevstackError, failedError, usageError } from '../model/error.ts';
import type { OnProgress, Ports, ProcessResult } from '../ports.ts';
import { type BuildFailure, type BuildLog, createBuildLog } from './build-log.ts';
import { contentTag, localImage, readContext } from './context.ts';

export interface BuildRequest {
  /** Absolute path of the context. */
  readonly folder: string;
  /** Repository below `dev.local/`. */
  readonly name: string;
  /** Relative to the context; `Dockerfile` by default. */
  readonly dockerfile?: string;
  readonly buildArgs: { readonly [name: string]: string };
  /** Architecture of the nodes that will run it. */
  readonly arch: string;
}

export interface BuildIo {
  readonly ports: Pick<Ports, 'files' | 'processes' | 'docker'>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

export interface BuiltImage {
  /** `dev.local/app:0123456789ab` */
  readonly image: string;
  /** False when an image of the same content was there. */
  readonly wasBuilt: boolean;
  readonly files: number;
  /** Size of the context. */
  readonly bytes: number;
}

/**
 * Throws `build-folder-missing`, `dockerfile-missing`, `dockerfile-invalid` (exit 2); `base-image-unavailable`, `image-build-failed` with
 * the failed step and the end of its log, `disk-full`, `image-wrong-arch` (exit 1).
 */
export async function buildImage(request: BuildRequest, io: BuildIo): Promise<BuiltImage> {
  const dockerfile = request.dockerfile ?? 'Dockerfile';
  const context = await readContext(request.folder, dockerfile, io.ports.files);
  io.signal.throwIfAborted();
  const tag = contentTag({ entries: context.entries, dockerfile, buildArgs: request.buildArgs });
  const image = localImage(request.name, tag);
  const size = { files: context.entries.length, bytes: context.bytes };
  if ((await io.ports.docker.inspectImage(image)) !== undefined) {
    await assertArch(image, request, io);
    return { image, wasBuilt: false, ...size };
  }
  const log = createBuildLog();
  const result = await runBuilder(request, image, { io, log, dockerfile });
  if (result.exitCode !== 0) throw buildError(log.failure(), request, dockerfile);
  await assertArch(image, request, io);
  return { image, wasBuilt: true, ...size };
}

interface Run {
  readonly io: BuildIo;
  readonly log: BuildLog;
  readonly dockerfile: string;
}

async function runBuilder(request: BuildRequest, image: string, { io, log, dockerfile }: Run): Promise<ProcessResult> {
  const { processes, docker } = io.ports;
  const env = environmentFor(docker.endpoint);
  const hasBuildx = (await processes.run('docker', ['buildx', 'version'], { env, signal: io.signal })).exitCode === 0;
  const args = buildArguments({ request, image, dockerfile, builder: hasBuildx ? 'buildx' : 'classic', isLocal: isLocal(docker.endpoint) });
  return processes.run('docker', args, {
    env: { ...env, ...(hasBuildx ? {} : { DOCKER_BUILDKIT: '0' }) }, signal: io.signal,
    onLine: (line) => {
      const step = log.take(line);
      if (step !== undefined) io.onProgress(step);
    },
  });
}

export interface BuildArguments {
  readonly request: BuildRequest;
  readonly image: string;
  readonly dockerfile: string;
  readonly builder: 'buildx' | 'classic';
  /** The engine is at a socket of this machine, which DOCKER_HOST then names. */
  readonly isLocal: boolean;
}

/** The command line of a build. Pure. */
export function buildArguments(options: BuildArguments): readonly string[] {
  const { request, image, dockerfile, builder } = options;
  const common = [
    '--file', join(request.folder, dockerfile), '--tag', image,
    ...Object.entries(request.buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    request.folder,
  ];
  if (builder === 'classic') return ['build', '--force-rm', ...common];
  // The builder of the engine itself (`default` is the one of DOCKER_HOST) sees its images; one in a container would not.
  const engine = options.isLocal ? ['--builder', 'default'] : [];
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

async function assertArch(image: string, request: BuildRequest, io: BuildIo): Promise<void> {
  const built = await io.ports.docker.inspectImage(image);
  if (built === undefined) throw failedError({ code: 'image-build-failed', message: `the builder reported success, but ${image} is not there` });
  if (built.architecture === request.arch) return;
  throw failedError({
    code: 'image-wrong-arch', message: `${image} is for ${built.architecture}, and the nodes are ${request.arch}`,
    reason: 'its base image does not exist for this machine, or the Dockerfile names a platform',
    hints: [{ text: 'look for FROM --platform, and for a base image that has this architecture', command: `grep -n FROM ${join(request.folder, request.dockerfile ?? 'Dockerfile')}` }],
    details: { image, architecture: built.architecture, wanted: request.arch },
  });
}

function buildError(failure: BuildFailure, request: BuildRequest, dockerfile: string): DevstackError {
  const path = join(request.folder, dockerfile);
  const { reason, step, log } = failure;
  const details = { ...(step === undefined ? {} : { step }), ...(log === '' ? {} : { log }) };
  switch (failure.cause) {
    case 'dockerfile-invalid':
      return usageError({ code: 'dockerfile-invalid', message: `${path} is not a valid Dockerfile`, reason, details });
    case 'disk-full':
      return failedError({ code: 'disk-full', message: `the disk filled up while ${request.name} was built`, reason, details, hints: [{ text: 'see what takes the space', command: 'docker system df' }] });
    case 'base-unavailable': {
      const base = failure.base ?? 'its base image';
      return failedError({
        code: 'base-image-unavailable', message: `${base}, which ${path} starts from, is neither here nor can it be pulled`, reason, details: { ...details, base },
        hints: [{ text: 'where a mirror has it', command: `devstack deploy --build-arg BASE=mirror.example/${base}` }],
      });
    }
    default:
      return failedError({
        code: 'image-build-failed', message: `the image of ${request.name} could not be built${step === undefined ? '' : `: ${step} failed`}`, reason, details,
        hints: [{ text: 'see all that the builder says', command: `docker build ${request.folder}` }],
      });
  }
}
