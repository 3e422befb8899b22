// The text of a new devstack.yaml: what is chosen as settings, everything else as comments that explain it.
import type { StackSpec } from '../model/stack.ts';
import { addonIds, ingressIds, presetIds, providerIds, sampleIds } from './catalog.ts';
import { defaults } from './defaults.ts';
import { formatExactDuration } from './duration.ts';

/** A scalar that YAML 1.1 and 1.2 both read as this text. */
function scalar(text: string): string {
  return /^[a-z][a-z0-9/.-]*$/i.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text) ? text : JSON.stringify(text);
}

function list(words: readonly string[]): string {
  return `[${words.map(scalar).join(', ')}]`;
}

/** `addons` are those named beside the preset's own. */
export function stackFileText(spec: StackSpec, addons: readonly string[]): string {
  const set = (isChosen: boolean, line: string) => (isChosen ? line : `# ${line}`);
  return `# What \`devstack up\` makes. Flags and DEVSTACK_* variables win over this file; \`devstack config\` shows what is in effect.
version: 1

# Name of the stack: part of container names, contexts and labels.
name: ${scalar(spec.name)}

# Starting point: ${presetIds().join(', ')}.
preset: ${scalar(spec.preset)}

# What runs the cluster: ${providerIds().join(', ')}.
${set(spec.provider !== defaults.provider.value, `provider: ${scalar(spec.provider)}`)}

# Port on 127.0.0.1 that leads to the ingress. When it is set here, no other port is taken silently.
${set(spec.portIsFixed, `port: ${spec.port}`)}

# Addons besides those of the preset: ${addonIds().join(', ')}.
${set(addons.length > 0, `addons: ${list(addons)}`)}

# How requests get into the cluster: ${ingressIds().join(', ')}.
${set(spec.ingress !== defaults.ingress.value, `ingress: ${scalar(spec.ingress)}`)}

# Samples instead of those of the preset: ${sampleIds().join(', ')}.
# samples: ${list(spec.samples)}

# Suffix of host names. auto takes the first of a few that resolves to this machine.
# domain: auto

# How many nodes, and which Kubernetes (in quotes) or which image.
# nodes: 1
# kubernetes: "1.34.4"
# nodeImage: kindest/node:v1.34.4

# Lower the requests of addons so that they fit a small machine.
# fit: true

# Rewrite image references: a prefix that ends in /, or a whole reference. The first match wins.
# images:
#   - from: gcr.io/
#     to: mirror.example.com/gcr/

# Where downloads come from, and how they travel.
# mirrors: ["https://mirror.example.com"]
# proxy: "http://proxy.example.com:3128"
# caFile: ./corporate-ca.pem

# Other versions than the tested ones.
# versions:
#   knative: "1.24.0"

# Give up after this time.
# timeout: ${formatExactDuration(defaults.timeout.value)}
`;
}
