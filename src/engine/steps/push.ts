// Step `push`: images into the registry that their names say.
import { isDevstackError, preconditionError } from '../../model/error.ts';
import type { PushStep } from '../../model/plan.ts';
import type { Ports } from '../../ports.ts';
import type { Handler } from '../handlers.ts';

const ANSWER_MS = 2_000;
/** What the engines of the last years push, and what several platforms are behind. */
const MANIFESTS = [
  'application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** The tag of such an image is its content, so one that is there is the right one. Nobody answers: then pushing says why. */
async function has({ http }: Ports, image: string, signal: AbortSignal): Promise<boolean> {
  const [, host = '', repository = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(image) ?? [];
  try {
    const url = `http://${host.replace(/^localhost:/, '127.0.0.1:')}/v2/${repository}/manifests/${tag}`;
    return (await http.request({ method: 'HEAD', url, headers: { accept: MANIFESTS }, timeoutMs: ANSWER_MS, signal })).status === 200;
  } catch (cause) {
    if (isDevstackError(cause)) return false;
    throw cause;
  }
}

export const push: Handler<PushStep> = {
  async check(step, { ports, signal }) {
    const there = await Promise.all(step.images.map((image) => has(ports, image, signal)));
    return there.every(Boolean) ? 'ready' : 'absent';
  },

  async run(step, { ports, signal, onProgress, run }) {
    for (const image of step.images) {
      await ports.docker.pushImage(image, onProgress, signal).catch((cause: unknown) => {
        if (!isDevstackError(cause) || !/connection refused/i.test(cause.reason ?? '')) throw cause;
        throw preconditionError({
          code: 'registry-not-running', message: `the registry of stack ${run.input.stack} does not run`, ...(cause.reason === undefined ? {} : { reason: cause.reason }), cause,
          hints: [{ text: 'start it', command: `devstack start ${run.input.stack}` }],
        });
      });
    }
    return step.images.join(', ');
  },
};
