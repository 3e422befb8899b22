// Releases in outline, for machines that have not their files and cannot get them: enough for the controllers to play them.
import type { KubeObject } from '../../../model/object.ts';
import type { ArtifactRef } from '../../../model/plan.ts';
import { knativeServingOutline } from './knative-serving.ts';
import { kourierOutline } from './kourier.ts';
import { metricsServerOutline } from './metrics-server.ts';

const OUTLINES: readonly { readonly file: RegExp; outline(version: string): readonly KubeObject[] }[] = [
  { file: /\/knative\/serving\/releases\/download\/knative-v([\d.]+)\/serving-core\.yaml$/, outline: knativeServingOutline },
  { file: /\/knative-extensions\/net-kourier\/releases\/download\/knative-v([\d.]+)\/kourier\.yaml$/, outline: kourierOutline },
  { file: /\/kubernetes-sigs\/metrics-server\/releases\/download\/v([\d.]+)\/components\.yaml$/, outline: metricsServerOutline },
];

/** What stands in for a file of a release; undefined when nothing does. */
export function outlineOf({ url }: ArtifactRef): readonly KubeObject[] | undefined {
  for (const { file, outline } of OUTLINES) {
    const version = file.exec(url)?.[1];
    if (version !== undefined) return outline(version);
  }
  return undefined;
}
