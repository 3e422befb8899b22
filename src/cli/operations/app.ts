// Use cases about apps that run: to Kubernetes or to the swarm, by what the stack is.
import { usageError } from '../../model/error.ts';
import type { LoadHttp, Ports } from '../../ports.ts';
import type { AppRef, AppUseCases } from '../app-use-cases.ts';
import type { RunOptions } from '../use-cases.ts';
import { listApps } from './app-target.ts';
import { appEndpoint, appLogs, loadApp, scaleDeployment, untilReplicas } from './app-watch.ts';
import { coldStart } from './cold-start.ts';
import { pickStack, runtimeOf } from './status.ts';
import { appMissing, listSwarmApps, loadSwarmApp, scaleSwarmApp, swarmEndpoint, swarmLogs, untilTasks } from './swarm-app.ts';

type Running = Pick<AppUseCases, 'apps' | 'findApp' | 'appLogs' | 'appEndpoint' | 'untilReplicas' | 'loadApp' | 'scaleApp' | 'coldStart'>;

/** `heard` lets adapters talk to whoever asks. */
export function createRunningUseCases({ ports, loadHttp }: { readonly ports: Ports; readonly loadHttp: LoadHttp }, heard: <O extends RunOptions>(options: O) => O): Running {
  const isSwarm = ({ kind }: AppRef): boolean => kind === 'swarm';
  const apps: Running['apps'] = async (stack, options) => {
    const found = await pickStack(ports, stack);
    return (await runtimeOf(found)) === 'swarm' ? listSwarmApps(ports, found.stack, heard(options)) : listApps(ports, found.stack, heard(options));
  };
  const running: Running = {
    apps,
    async findApp(app, stack, options) {
      const all = await apps(stack, options);
      return all.find((candidate) => candidate.app === app) ?? Promise.reject(appMissing(app, all));
    },
    appLogs: (ref, choice, options) => (isSwarm(ref) ? swarmLogs(ports, ref, choice, heard(options)) : appLogs(ports, ref, choice, heard(options))),
    appEndpoint: (ref, options) => (isSwarm(ref) ? swarmEndpoint(ports, ref, heard(options)) : appEndpoint(ports, ref, heard(options))),
    untilReplicas: (wish, options) => (isSwarm(wish.ref) ? untilTasks : untilReplicas)(ports, wish, heard(options)),
    loadApp: (request, options) => (isSwarm(request.ref) ? loadSwarmApp : loadApp)(ports, loadHttp, request, heard(options)),
    async scaleApp(ref, replicas, options) {
      if (ref.kind === 'knative') throw usageError({ code: 'app-scales-itself', message: `${ref.app} is a Knative service: it scales by the requests it gets`, hints: [{ text: 'load it', command: `devstack load ${ref.app}` }] });
      await (isSwarm(ref) ? scaleSwarmApp : scaleDeployment)(ports, ref, replicas, heard(options));
    },
    coldStart: (ref, options) => coldStart(ports, running, ref, heard(options)),
  };
  return running;
}
