// The use cases over the ports.
import { setMaxListeners } from 'node:events';
import { discoverStacks } from '../../clusters/index.ts';
import type { Emit } from '../../model/event.ts';
import type { LoadHttp, Ports } from '../../ports.ts';
import type { RunOptions, UseCases } from '../use-cases.ts';
import { addonImages, changeAddons, listAddons, planAddonRemoval, planAddons } from './addon.ts';
import { openAddon } from './addon-page.ts';
import { createRunningUseCases } from './app.ts';
import { deployApp, planRemoveApp, removeApp } from './app-deploy.ts';
import { planAppDeploy } from './app-plan.ts';
import { measureTraffic, readTraffic, retireRevisions, setTraffic } from './app-traffic.ts';
import { openUrl, pageOf } from './browser.ts';
import { collectStack } from './collect.ts';
import { serveDomain, tryDomains } from './dns.ts';
import { examineMachine } from './doctor.ts';
import { downStack, planDownStack } from './down.ts';
import { ejectApp } from './eject.ts';
import { planSink, sendEvent, watchEvents } from './events.ts';
import { pastRuns } from './history.ts';
import { loadImages } from './images.ts';
import type { Journals } from './journals.ts';
import { startStack, stopStack } from './power.ts';
import { chooseProvider, surveyProviders } from './providers.ts';
import { detachReaper, leashStack, reapStack } from './reaper.ts';
import { stackAccess, statusStacks } from './status.ts';
import { createSwarmUseCases } from './swarm.ts';
import { planStack, upStack } from './up.ts';

export interface Wiring {
  readonly ports: Ports;
  readonly journals: Journals;
  readonly loadHttp: LoadHttp;
  /** Folder of the templates. */
  readonly templates: string;
  /** Where adapters talk to from now on. */
  listen(emit: Emit): void;
}

export function createUseCases({ ports, journals, loadHttp, templates, listen }: Wiring): UseCases {
  const heard = <O extends RunOptions>(options: O): O => {
    listen(options.emit);
    setMaxListeners(0, options.signal); // many requests at once listen to it: that is no leak
    return options;
  };
  return {
    planUp: (spec, options) => planStack(ports, spec, heard(options)),
    up: (spec, plan, options) => upStack(ports, journals, { spec, plan }, heard(options)),
    planDown: (stack, options) => planDownStack(ports, stack, heard(options)),
    down: (plan, options) => downStack(ports, journals, plan, heard(options)),
    history: (wish) => pastRuns(journals, wish),
    leash: (leash) => leashStack(ports, leash),
    detachReaper: (stack, token) => detachReaper(ports, stack, token),
    reap: (reaper, options) => reapStack(ports, journals, reaper, heard(options)),
    stacks: () => discoverStacks(ports),
    status: (stack, options) => statusStacks(ports, stack, heard(options)),
    env: (stack, options) => stackAccess(ports, stack, heard(options)),
    mergeKubeconfig: (stack, use) => ports.kubeconfigs.merge(stack, { use }),
    stop: (stack, options) => stopStack(ports, journals, stack, heard(options)),
    start: (stack, options) => startStack(ports, journals, stack, heard(options)),
    addons: (stack, options) => listAddons(ports, stack, heard(options)),
    planAddons: (wish, options) => planAddons(ports, wish, heard(options)),
    planAddonRemoval: (wish, options) => planAddonRemoval(ports, wish, heard(options)),
    changeAddons: (plan, options) => changeAddons(ports, journals, plan, heard(options)),
    addonImages: (spec, options) => addonImages(ports, spec, heard(options)),
    openAddon: (wish, options) => openAddon(ports, wish, heard(options)),
    async exec({ command: [program = '', ...words], ...request }, { signal }) {
      return (await ports.processes.run(program, words, { ...request, signal, lifeline: true })).exitCode;
    },
    domains: () => tryDomains(ports),
    serveNames: (server, options) => serveDomain(ports, server, heard(options)),
    collect: (stack, folder, options) => collectStack(ports, journals, { stack, folder }, heard(options)),
    planDeploy: (request, options) => planAppDeploy(ports, templates, request, heard(options)),
    deploy: (planned, options) => deployApp(ports, journals, planned, heard(options)),
    planRemoveApp,
    removeApp: (plan, options) => removeApp(ports, journals, plan, heard(options)),
    rest: (ms, { signal }) => ports.clock.sleep(ms, signal),
    retireRevisions: (ref, keep, options) => retireRevisions(ports, ref, keep, heard(options)),
    readTraffic: (ref, options) => readTraffic(ports, ref, heard(options)),
    setTraffic: (change, options) => setTraffic(ports, change, heard(options)),
    measureTraffic: (wish, options) => measureTraffic(ports, loadHttp, wish, heard(options)),
    pageOf: (endpoint, options) => pageOf(ports, endpoint, heard(options)),
    openUrl: (url, options) => openUrl(ports, url, heard(options)),
    eject: (request) => ejectApp(ports, templates, request),
    loadImages: (stack, images, options) => loadImages(ports, stack, images, heard(options)),
    sendEvent: (wish, options) => sendEvent(ports, wish, heard(options)),
    planEventSink: (stack, sink, options) => planSink(ports, stack, sink, heard(options)),
    watchEvents: (ref, choice, options) => watchEvents(ports, ref, choice, heard(options)),
    async serveRehearsal(stack, { emit, signal }) {
      const { runRehearsal } = await import('../../clusters/rehearsal/process.ts');
      await runRehearsal(stack, { ports, signal, say: (message) => emit({ type: 'note', message }) });
    },
    providers: (options) => surveyProviders(ports, heard(options)),
    chooseProvider: (spec, options) => chooseProvider(ports, spec, options.signal),
    doctor: (options) => examineMachine(ports, heard(options)),
    ...createRunningUseCases({ ports, loadHttp }, heard),
    ...createSwarmUseCases({ ports, templates }, heard),
  };
}
