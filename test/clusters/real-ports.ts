// The real adapters over a home of their own, for tests against a real engine. The user's kubeconfig is poisoned.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArtifacts } from '../../src/artifacts/artifacts.ts';
import { createImageBuilder } from '../../src/build/build-image.ts';
import { createBackground } from '../../src/host/background.ts';
import { createClock } from '../../src/host/clock.ts';
import { connectDocker } from '../../src/host/docker.ts';
import { createDownloads } from '../../src/host/download.ts';
import { createEngines } from '../../src/host/engines.ts';
import { createFiles } from '../../src/host/files.ts';
import { createFolders } from '../../src/host/folders.ts';
import { createHttp } from '../../src/host/http.ts';
import { createNetwork } from '../../src/host/network.ts';
import { createPlatform } from '../../src/host/platform.ts';
import { createProcesses } from '../../src/host/process.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { createKubernetes } from '../../src/kube/index.ts';
import type { Ports } from '../../src/ports.ts';
import { createKubeconfigs } from '../../src/state/kubeconfig.ts';

const POISON = 'this is no kubeconfig: nothing may read it\n';

export interface RealPorts {
  readonly ports: Ports;
  readonly home: string;
  /** True when the user's kubeconfig is as it was. */
  isUserFileUntouched(): Promise<boolean>;
  remove(): Promise<void>;
}

export async function realPorts(): Promise<RealPorts> {
  const home = await mkdtemp(join(tmpdir(), 'devstack-test-'));
  const userFile = join(home, 'user-kubeconfig');
  await writeFile(userFile, POISON);
  const env = { ...process.env, DEVSTACK_HOME: home, KUBECONFIG: userFile };
  const platform = createPlatform();
  const host = {
    env, platform, clock: createClock(), files: createFiles(), folders: createFolders(env, platform.os), processes: createProcesses(env), background: createBackground(env),
    yaml: createYaml(), http: createHttp(), network: createNetwork(), home: () => home,
  };
  const mirror = process.env['DEVSTACK_MIRROR'];
  const artifacts = createArtifacts({
    ...host, mirrors: mirror === undefined ? [] : [mirror], downloads: createDownloads({ env, userAgent: 'devstack-test' }), note: () => undefined,
  });
  const world = { env, os: platform.os, home, processes: host.processes };
  const docker = await connectDocker(world);
  const engines = createEngines(world);
  return {
    ports: { ...host, docker, engines, artifacts, imageBuilder: createImageBuilder({ ...host, docker }), ...createKubernetes({ ...host, artifacts }), kubeconfigs: createKubeconfigs(host) },
    home,
    isUserFileUntouched: async () => await readFile(userFile, 'utf8') === POISON,
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
