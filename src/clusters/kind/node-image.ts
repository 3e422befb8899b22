// Which image the nodes are made of. Pins are data: a tag may be rebuilt for another release of kind, a digest may not.
import type { EngineFacts } from '../../model/fact.ts';
import type { StackSpec } from '../../model/stack.ts';

interface Pin {
  readonly kubernetes: string;
  readonly digest: string;
}

/** Release of kind that these images were built with; an older kind may not know how to start them. */
export const KIND_OF_PINS = '0.33.0';

/** Newest first. From the release notes of kind 0.33.0; amd64 and arm64. */
const PINS: readonly Pin[] = [
  { kubernetes: '1.37.0', digest: 'sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5' },
  { kubernetes: '1.36.4', digest: 'sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed' },
  { kubernetes: '1.35.8', digest: 'sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0' },
  { kubernetes: '1.34.11', digest: 'sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d' },
];
const DEFAULT_KUBERNETES = '1.36.4';
/** The last whose kubelet starts on an engine with cgroup v1 (kubernetes/enhancements#5573). */
const CGROUP_V1_KUBERNETES = '1.34.11';
const ARCHITECTURES: readonly string[] = ['amd64', 'arm64'];

export interface NodeImage {
  readonly reference: string;
  /** Without `v`; undefined when the reference does not tell. */
  readonly kubernetes: string | undefined;
  /** Why it is not the default, in one line. */
  readonly why?: string;
}

/** A full version, or its beginning (`1.36`): then the newest patch of it. */
function findPin(kubernetes: string): Pin | undefined {
  return PINS.find((pin) => pin.kubernetes === kubernetes || pin.kubernetes.startsWith(`${kubernetes}.`));
}

function imageOf(kubernetes: string): NodeImage {
  const pin = findPin(kubernetes);
  if (pin === undefined) return { reference: `kindest/node:v${kubernetes}`, kubernetes };
  return { reference: `kindest/node:v${pin.kubernetes}@${pin.digest}`, kubernetes: pin.kubernetes };
}

/** `kindest/node:v1.34.4@sha256:…` → `1.34.4`. */
function kubernetesOf(reference: string): string | undefined {
  return /:v(\d+\.\d+\.\d+)(?:@|$)/.exec(reference)?.[1];
}

/** The image that was named, the one of the version that was named, or the newest that this engine can run. */
export function chooseNodeImage(spec: Pick<StackSpec, 'nodeImage' | 'kubernetes'>, engine: Pick<EngineFacts, 'cgroupVersion'>): NodeImage {
  if (spec.nodeImage !== undefined) return { reference: spec.nodeImage, kubernetes: kubernetesOf(spec.nodeImage), why: 'as configured' };
  if (spec.kubernetes !== undefined) return imageOf(spec.kubernetes);
  if (engine.cgroupVersion === '1') {
    return {
      ...imageOf(CGROUP_V1_KUBERNETES),
      why: `Kubernetes ${CGROUP_V1_KUBERNETES} instead of ${DEFAULT_KUBERNETES}: this engine has cgroup v1, which Kubernetes refuses from 1.35 on`,
    };
  }
  return imageOf(DEFAULT_KUBERNETES);
}

/** True when an image of that version cannot start on an engine with cgroup v1. */
export function needsCgroupV2(kubernetes: string): boolean {
  const [major = 0, minor = 0] = kubernetes.split('.').map(Number);
  return major > 1 || minor >= 35;
}

/** What is wrong with the wish for a version or an image, in one line. */
export function nodeImageProblem(spec: Pick<StackSpec, 'nodeImage' | 'kubernetes'>): string | undefined {
  if (spec.nodeImage !== undefined) {
    return /^[a-z0-9][\w./:@-]*$/i.test(spec.nodeImage) ? undefined : `${JSON.stringify(spec.nodeImage)} is not the name of an image`;
  }
  if (spec.kubernetes === undefined || findPin(spec.kubernetes) !== undefined) return undefined;
  const known = PINS.map((pin) => pin.kubernetes).join(', ');
  return `no node image is pinned for Kubernetes ${spec.kubernetes} (there are ${known}); name one with --node-image kindest/node:v${spec.kubernetes}`;
}

/** The pinned images are built for these machines alone. */
export function runsOn(arch: string): boolean {
  return ARCHITECTURES.includes(arch);
}
