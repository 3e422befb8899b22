// The flags that say what a stack is, their environment variables, and how they become settings.

import { quote } from '../model/redact.ts';
import type { ImageRule } from '../model/stack.ts';
import { addonIds, componentIds, ingressIds, providerIds, sampleIds } from './catalog.ts';
import { defaults } from './defaults.ts';
import { formatExactDuration } from './duration.ts';
import type { Flags, FlagValues } from './flag.ts';
import type { Problem } from './problem.ts';
import { type Given, type Layer, LIMITS, type SettingName, type StackSettings } from './setting.ts';

export const stackFlags = {
  name: { kind: 'text', short: 'n', env: 'DEVSTACK_NAME', placeholder: 'NAME', default: defaults.name.value, summary: 'name of the stack' },
  provider: {
    kind: 'text', env: 'DEVSTACK_PROVIDER', placeholder: 'ID', default: defaults.provider.value, known: providerIds, summary: 'what runs the cluster',
  },
  context: { kind: 'text', env: 'DEVSTACK_CONTEXT', placeholder: 'NAME', summary: 'use the cluster of this kubeconfig context; it is never removed' },
  'allow-remote': { kind: 'text', env: 'DEVSTACK_ALLOW_REMOTE', placeholder: 'CONTEXT', summary: 'allow this context (or host of DOCKER_HOST), which is not on this machine' },
  with: { kind: 'list', env: 'DEVSTACK_WITH', placeholder: 'ADDON,…', known: addonIds, summary: 'addons besides those of the preset' },
  ingress: {
    kind: 'text', env: 'DEVSTACK_INGRESS', placeholder: 'ID', default: defaults.ingress.value, known: ingressIds, summary: 'how requests get into the cluster',
  },
  sample: { kind: 'list', env: 'DEVSTACK_SAMPLE', placeholder: 'ID,…', known: sampleIds, summary: 'samples instead of those of the preset' },
  port: {
    kind: 'integer', ...LIMITS.port, short: 'p', env: 'DEVSTACK_PORT', placeholder: 'PORT', default: String(defaults.port.value),
    summary: 'port on 127.0.0.1; when you name one, no other is taken',
  },
  nodes: { kind: 'integer', ...LIMITS.nodes, env: 'DEVSTACK_NODES', placeholder: 'N', default: String(defaults.nodes.value), summary: 'number of nodes' },
  managers: { kind: 'integer', ...LIMITS.nodes, env: 'DEVSTACK_MANAGERS', placeholder: 'N', default: String(defaults.managers.value), summary: 'how many of the nodes of a swarm are managers' },
  autolock: { kind: 'boolean', env: 'DEVSTACK_AUTOLOCK', summary: 'a swarm whose managers keep their keys locked at rest' },
  encrypt: { kind: 'boolean', env: 'DEVSTACK_ENCRYPT', summary: 'a swarm whose apps speak encrypted between nodes' },
  existing: { kind: 'boolean', env: 'DEVSTACK_EXISTING', summary: 'use the swarm that the engine is part of already; it is never left' },
  kubernetes: { kind: 'text', env: 'DEVSTACK_KUBERNETES', placeholder: 'VERSION', summary: 'Kubernetes version, such as 1.34.4' },
  'node-image': { kind: 'text', env: 'DEVSTACK_NODE_IMAGE', placeholder: 'REF', summary: 'image of the nodes, instead of a version' },
  domain: { kind: 'text', env: 'DEVSTACK_DOMAIN', placeholder: 'SUFFIX', default: defaults.domain.value, summary: 'suffix of host names; auto finds one that resolves' },
  fit: { kind: 'boolean', negatable: true, env: 'DEVSTACK_FIT', summary: 'lower the requests of addons so that they fit a small machine' },
  image: { kind: 'list', env: 'DEVSTACK_IMAGE', placeholder: 'FROM=TO', summary: 'rewrite image references: a prefix, or a whole one' },
  version: { kind: 'list', env: 'DEVSTACK_VERSIONS', placeholder: 'COMPONENT=VERSION', known: componentIds, summary: 'another version than the tested one' },
  mirror: { kind: 'list', env: 'DEVSTACK_MIRROR', placeholder: 'URL,…', summary: 'mirrors to download from, in this order' },
  proxy: { kind: 'text', env: 'DEVSTACK_PROXY', placeholder: 'URL', summary: 'proxy for downloads (else HTTPS_PROXY, NO_PROXY)' },
  'ca-file': { kind: 'text', env: 'DEVSTACK_CA_FILE', placeholder: 'FILE', summary: 'more certificate authorities to trust (PEM)' },
  timeout: {
    kind: 'duration', env: 'DEVSTACK_TIMEOUT', placeholder: 'TIME', default: formatExactDuration(defaults.timeout.value), summary: 'give up after this time',
  },
  config: { kind: 'text', short: 'c', env: 'DEVSTACK_CONFIG', placeholder: 'FILE', default: 'devstack.yaml', summary: 'read this file' },
} as const satisfies Flags;

export type StackFlagValues = FlagValues<typeof stackFlags>;

/** Splits `left=right`; undefined when a side is missing. */
function splitPair(text: string): readonly [string, string] | undefined {
  const at = text.indexOf('=');
  return at > 0 && at < text.length - 1 ? [text.slice(0, at), text.slice(at + 1)] : undefined;
}

interface Reader {
  readonly values: StackFlagValues;
  /** Where the value of a flag came from: `--port` or `DEVSTACK_PORT`. */
  originOf(flag: string): string;
  readonly problems: Problem[];
}

function pairs(reader: Reader, flag: 'image' | 'version', form: string): readonly (readonly [string, string])[] {
  return (reader.values[flag] ?? []).flatMap((text) => {
    const pair = splitPair(text);
    if (pair === undefined) reader.problems.push({ place: reader.originOf(flag), message: `${quote(text)} is not of the form ${form}`, code: 'flag-invalid' });
    return pair === undefined ? [] : [pair];
  });
}

function given<T>(reader: Reader, flag: keyof typeof stackFlags, value: T | undefined): Given<T> | undefined {
  return value === undefined ? undefined : { value, origin: reader.originOf(flag) };
}

function imageRules(reader: Reader): readonly ImageRule[] | undefined {
  return reader.values.image === undefined ? undefined : pairs(reader, 'image', 'FROM=TO').map(([from, to]) => ({ from, to }));
}

function versions(reader: Reader): StackSettings['versions'] | undefined {
  return reader.values.version === undefined ? undefined : Object.fromEntries(pairs(reader, 'version', 'COMPONENT=VERSION'));
}

/** A layer without the settings that nobody gave. */
function layerOf(settings: { readonly [K in SettingName]?: Layer[K] | undefined }): Layer {
  return Object.fromEntries(Object.entries(settings).filter(([, setting]) => setting !== undefined)) as Layer;
}

/** What flags and environment say. Problems of form are added to `problems`. */
export function layerOfFlags(reader: Reader): Layer {
  const { values } = reader;
  return layerOf({
    name: given(reader, 'name', values.name), provider: given(reader, 'provider', values.provider),
    context: given(reader, 'context', values.context), allowRemote: given(reader, 'allow-remote', values['allow-remote']),
    addons: given(reader, 'with', values.with), ingress: given(reader, 'ingress', values.ingress), samples: given(reader, 'sample', values.sample),
    port: given(reader, 'port', values.port), nodes: given(reader, 'nodes', values.nodes), managers: given(reader, 'managers', values.managers),
    autolock: given(reader, 'autolock', values.autolock), encrypt: given(reader, 'encrypt', values.encrypt), existing: given(reader, 'existing', values.existing), kubernetes: given(reader, 'kubernetes', values.kubernetes),
    nodeImage: given(reader, 'node-image', values['node-image']), domain: given(reader, 'domain', values.domain), fit: given(reader, 'fit', values.fit),
    images: given(reader, 'image', imageRules(reader)), versions: given(reader, 'version', versions(reader)),
    mirrors: given(reader, 'mirror', values.mirror), proxy: given(reader, 'proxy', values.proxy), caFile: given(reader, 'ca-file', values['ca-file']),
    timeout: given(reader, 'timeout', values.timeout),
  });
}
