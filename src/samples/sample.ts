// What a sample is: an image, and the objects that run it in each way.
import type { KubeObject } from '../model/object.ts';

export type SampleKind = 'knative' | 'deployment' | 'swarm';

export interface SampleOptions {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly env: { readonly [name: string]: string };
  /** On the pods: how Knative scales them. */
  readonly annotations?: { readonly [name: string]: string };
}

export interface Sample {
  readonly id: string;
  readonly title: string;
  /** Image that runs it when nothing was built. */
  readonly image: string;
  readonly port: number;
  readonly kinds: readonly SampleKind[];
  readonly env: { readonly [name: string]: string };
  /** The request that proves it. */
  readonly probe: { readonly path: string; readonly expectStatus: number; readonly expectBody?: string };
  objects(kind: SampleKind, options: SampleOptions): readonly KubeObject[];
}
