// Rolling update: a new version replaces the old one pod by pod, and no request is lost.
import { check, type Demo } from './demo.ts';

const APP = 'demo-update';
const RPS = 20;
const LOAD_MS = 60_000;
/** Load goes on this long after the last pod was replaced. */
const AFTER_MS = 3_000;
/** httpbin shows such variables at this path: what tells the versions apart. */
const PATH = '/env';
const versionOf = (version: string) => ({ HTTPBIN_ENV_VERSION: version });

export const rollingUpdate: Demo = {
  id: 'rolling-update',
  title: 'Rolling update without a lost request',
  lesson: 'While requests come in, a Deployment changes its version; both answer for a moment, and none is lost.',
  apps: [APP],
  async run({ useCases, options, deploy, say, show }) {
    const wish = { app: APP, sample: 'httpbin', kind: 'deployment' } as const;
    const ref = await deploy({ ...wish, env: versionOf('1') });
    say(`${RPS} requests a second from now on; updating meanwhile`);
    const stop = new AbortController();
    const loading = useCases.loadApp({
      ref, path: PATH, spec: { arrival: { model: 'open', rps: RPS }, concurrency: 50, durationMs: LOAD_MS, timeoutMs: 10_000 }, onSecond: show,
      classify: ({ body }) => `version ${/"HTTPBIN_ENV_VERSION": "(\d)"/.exec(body)?.[1] ?? 'unknown'}`,
    }, { ...options, signal: AbortSignal.any([options.signal, stop.signal]) });
    const updating = deploy({ ...wish, env: versionOf('2') }).then(() => useCases.rest(AFTER_MS, options)).finally(() => stop.abort());
    const [result] = await Promise.all([loading, updating]);
    const lost = result.sent - Number(result.statuses['200'] ?? 0) + result.unsent;
    const last = result.seconds.at(-1)?.classes ?? {};
    return {
      checks: [
        check('both versions answered', (result.classes['version 1'] ?? 0) > 0 && (result.classes['version 2'] ?? 0) > 0, {
          expected: 'some of each', measured: Object.entries(result.classes).map(([name, count]) => `${name} × ${count}`).join(', '),
        }),
        check('in the end only the new one does', Object.keys(last).every((name) => name === 'version 2'), { expected: 'version 2', measured: Object.keys(last).join(', ') || 'nothing' }),
        check('no request was lost', lost === 0, { expected: '0', measured: `${lost} of ${result.sent + result.unsent}` }),
      ],
      numbers: { requests: result.sent, lost, versions: result.classes, p99: result.latency.p99 },
    };
  },
};
