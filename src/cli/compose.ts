// Puts the adapters behind the ports. The only module that knows them all; loaded when a command first needs the world.
import type { NetworkSettings } from '../config/resolve.ts';
import type { Emit } from '../model/event.ts';
import { VERSION } from '../model/version.ts';
import type { Ports } from '../ports.ts';
import type { Io } from './io.ts';
import type { Journals } from './operations/journals.ts';
import { templatesFolder } from './templates-folder.ts';
import type { UseCases } from './use-cases.ts';

/** What adapters have to tell goes to whoever asked last: one run asks for one thing at a time. */
interface Talk {
  emit: Emit;
}

async function composeHost(io: Io) {
  const [clock, files, folders, platform, processes, yaml, http, network, background] = await Promise.all([
    import('../host/clock.ts'), import('../host/files.ts'), import('../host/folders.ts'), import('../host/platform.ts'),
    import('../host/process.ts'), import('../host/yaml.ts'), import('../host/http.ts'), import('../host/network.ts'), import('../host/background.ts'),
  ]);
  const machine = platform.createPlatform();
  return {
    clock: clock.createClock(), files: files.createFiles(), folders: folders.createFolders(io.env, machine.os), platform: machine,
    processes: processes.createProcesses(io.env), yaml: yaml.createYaml(), http: http.createHttp(), network: network.createNetwork(),
    background: background.createBackground(io.env), env: io.env, home: () => folders.homeOf(io.env, machine.os),
  };
}

type Host = Awaited<ReturnType<typeof composeHost>>;

async function composeDocker(host: Host, allowRemote: string | undefined) {
  const [{ connectDocker }, { createEngines }] = await Promise.all([import('../host/docker.ts'), import('../host/engines.ts')]);
  const world = { env: host.env, os: host.platform.os, home: host.home(), processes: host.processes, allowRemote };
  return { docker: await connectDocker(world), engines: createEngines(world) };
}

async function composeJournals(host: Host): Promise<Journals> {
  const [{ journalledStacks, openJournal, readJournal, removeJournal }, { withStackLock }] = await Promise.all([import('../state/journal.ts'), import('../state/stack-lock.ts')]);
  const world = { ...host, pid: process.pid };
  return {
    open: (stack, command) => openJournal(world, stack, command), remove: (stack) => removeJournal(world, stack),
    stacks: () => journalledStacks(world), read: (stack) => readJournal(world, stack),
    alone: (stack, queue, work) => withStackLock(world, stack, queue, work),
  };
}

async function composeArtifacts(host: Host, settings: NetworkSettings | undefined, talk: Talk) {
  const [{ createDownloads }, { createArtifacts }] = await Promise.all([import('../host/download.ts'), import('../artifacts/artifacts.ts')]);
  const proxy = settings?.proxy === undefined ? {} : { HTTP_PROXY: settings.proxy, HTTPS_PROXY: settings.proxy };
  const downloads = createDownloads({
    env: { ...host.env, ...proxy }, userAgent: `devstack/${VERSION}`, ...(settings?.caFile === undefined ? {} : { cafile: settings.caFile }),
  });
  return createArtifacts({ ...host, downloads, mirrors: settings?.mirrors ?? [], note: (message) => talk.emit({ type: 'note', message }) });
}

async function composePorts(host: Host, settings: NetworkSettings | undefined, talk: Talk): Promise<Ports> {
  const [engine, artifacts, kube, state, build] = await Promise.all([
    composeDocker(host, settings?.allowRemote ?? host.env['DEVSTACK_ALLOW_REMOTE']), composeArtifacts(host, settings, talk), import('../kube/index.ts'), import('../state/kubeconfig.ts'), import('../build/build-image.ts'),
  ]);
  return { ...host, ...engine, artifacts, imageBuilder: build.createImageBuilder({ ...host, ...engine }), ...kube.createKubernetes({ ...host, artifacts }), kubeconfigs: state.createKubeconfigs(host) };
}

export async function compose(io: Io, settings: NetworkSettings | undefined): Promise<UseCases> {
  const talk: Talk = { emit: () => undefined };
  const host = await composeHost(io);
  const [ports, journals, { createLoadHttp }, templates, { createUseCases }] = await Promise.all([
    composePorts(host, settings, talk), composeJournals(host), import('../host/load-http.ts'), templatesFolder(host.files), import('./operations/index.ts'),
  ]);
  return createUseCases({ ports, journals, loadHttp: createLoadHttp(), templates, listen: (emit) => { talk.emit = emit; } });
}
