// Rolling update: a new version replaces the old one pod by pod (task by task), and no request is lost.
import { check, type Demo } from './demo.ts';
import { loadMeanwhile, versionOf } from './load-meanwhile.ts';

const APP = 'demo-update';
const TASKS = 3;
/** Nanoseconds that Swarm watches a new task for: httpbin has no health check, and is up in a moment. */
const MONITOR = 1e9;

export const rollingUpdate: Demo = {
  id: 'rolling-update',
  title: 'Rolling update without a lost request',
  lesson: 'While requests come in, an app changes its version; both answer for a moment, and none is lost.',
  runtimes: ['kubernetes', 'swarm'],
  apps: [APP],
  async run(context) {
    const { useCases, options, stack, runtime, deploy, say } = context;
    const wish = { app: APP, sample: 'httpbin', kind: runtime === 'swarm' ? 'swarm' : 'deployment', replicas: TASKS } as const;
    const ref = await deploy({ ...wish, env: versionOf('1') });
    const { result, lost, sent, last } = await loadMeanwhile(context, ref, async () => {
      say('updating from version 1 to version 2');
      if (runtime === 'swarm') await useCases.updateService(APP, { env: versionOf('2'), parallelism: 1, monitor: MONITOR }, stack, options);
      else await deploy({ ...wish, env: versionOf('2') });
    });
    return {
      checks: [
        check('both versions answered', (result.classes['version 1'] ?? 0) > 0 && (result.classes['version 2'] ?? 0) > 0, {
          expected: 'some of each', measured: Object.entries(result.classes).map(([name, count]) => `${name} × ${count}`).join(', '),
        }),
        check('in the end only the new one does', last.length > 0 && last.every((name) => name === 'version 2'), { expected: 'version 2', measured: last.join(', ') || 'nothing' }),
        check('no request was lost', lost === 0, { expected: '0', measured: `${lost} of ${sent}` }),
      ],
      numbers: { requests: sent, lost, versions: result.classes, p99: result.latency.p99 },
    };
  },
};
