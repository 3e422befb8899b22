// The scripts of misfortune by name, for help and completion.

export const FAULT_TEXTS = {
  'image-pull': 'images cannot be pulled: ErrImagePull, then ImagePullBackOff',
  crash: 'containers exit with 1 as soon as they start: CrashLoopBackOff',
  unschedulable: 'no node has room for the pods: Pending, Unschedulable',
  webhook: 'admission webhooks never answer: writes that they guard fail',
  quota: 'a quota forbids new pods: FailedCreate at the ReplicaSet',
  'slow-pull': 'every image takes two minutes to pull',
  'slow-dns': 'names take 20 s to resolve, so that every image comes late',
  'not-ready': 'containers run, but their readiness probe fails',
  'no-ingress': 'nobody configures the ingress of Knative routes: IngressNotConfigured',
} as const;

export type FaultName = keyof typeof FAULT_TEXTS;

export const FAULT_NAMES = Object.keys(FAULT_TEXTS) as readonly FaultName[];
