// Use case `collect`: what a person needs to find out why something failed, as files in a folder.
import { findProvider } from '../../clusters/index.ts';
import { isJsonObject } from '../../model/json.ts';
import { arrayAt, type KubeObject, refOf, stringAt } from '../../model/object.ts';
import type { KubeClient, Ports } from '../../ports.ts';
import type { RunOptions } from '../use-cases.ts';
import type { Journals } from './journals.ts';
import { pickStack } from './status.ts';
import { providerContext } from './up.ts';

const TAIL_LINES = 2_000;

function containersOf(pod: KubeObject): readonly string[] {
  return [...arrayAt(pod, 'spec', 'initContainers'), ...arrayAt(pod, 'spec', 'containers')].flatMap((container) => stringAt(container, 'name') ?? []);
}

/** Without what Secrets hold and who wrote which field. */
function slim(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

async function writeLogs(ports: Ports, client: KubeClient, input: { readonly pods: readonly KubeObject[]; readonly folder: string }, signal: AbortSignal): Promise<number> {
  const texts = await Promise.all(input.pods.flatMap((pod) => containersOf(pod).map(async (container) => {
    const text = await client.logs(refOf(pod), { container, tailLines: TAIL_LINES }, signal).catch(() => '');
    if (text !== '') await ports.files.write(`${input.folder}/logs/${pod.metadata.namespace ?? ''}_${pod.metadata.name}_${container}.log`, text);
    return text;
  })));
  return texts.filter((text) => text !== '').length;
}

/** The journal; pods, events and logs of every pod. Returns the number of files. What cannot be read is left out: this runs when things are broken. */
export async function collectStack(ports: Ports, journals: Journals, { stack, folder }: { readonly stack: string; readonly folder: string }, options: RunOptions): Promise<number> {
  await ports.files.write(`${folder}/journal.json`, JSON.stringify(await journals.read(stack), undefined, 1));
  return 1 + await collectCluster(ports, stack, folder, options).catch(() => 0);
}

async function collectCluster(ports: Ports, stack: string, folder: string, { signal }: RunOptions): Promise<number> {
  const found = await pickStack(ports, stack);
  const provider = await findProvider(found.provider);
  const access = await provider.access(found.stack, found.cluster, providerContext(ports, signal));
  if (access?.runtime !== 'kubernetes') return 0;
  const client = await ports.kubeConnector.connect(access);
  try {
    await ports.files.makeDirectory(`${folder}/logs`);
    const [pods, events] = await Promise.all([
      client.list({ apiVersion: 'v1', kind: 'Pod' }, {}, signal), client.list({ apiVersion: 'v1', kind: 'Event' }, {}, signal),
    ]);
    const plain = (items: readonly KubeObject[]) => JSON.stringify(items.map(slim).filter(isJsonObject), undefined, 1);
    await ports.files.write(`${folder}/pods.json`, plain(pods.items));
    await ports.files.write(`${folder}/events.json`, plain(events.items));
    return 2 + await writeLogs(ports, client, { pods: pods.items, folder }, signal);
  } finally {
    client.close();
  }
}
