// What the tests of addons need of upstream's manifests, small enough to keep: names, pods, requests, probes, selectors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { arrayAt, at, type KubeObject } from '../../src/model/object.ts';
import type { ArtifactRef } from '../../src/model/plan.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/manifests');
const KEPT_OF_CONTAINER = ['name', 'image', 'args', 'resources', 'readinessProbe', 'ports'];
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'];

export interface Digest {
  readonly url: string;
  readonly objects: readonly KubeObject[];
}

function pick(value: Json | undefined, keys: readonly string[]): JsonObject {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key))) : {};
}

function workloadSpec(object: KubeObject): JsonObject {
  const replicas = at(object, 'spec', 'replicas');
  const grace = at(object, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds');
  return {
    ...(replicas === undefined ? {} : { replicas }),
    template: {
      metadata: pick(at(object, 'spec', 'template', 'metadata'), ['labels']),
      spec: { ...(grace === undefined ? {} : { terminationGracePeriodSeconds: grace }), containers: arrayAt(object, 'spec', 'template', 'spec', 'containers').map((container) => pick(container, KEPT_OF_CONTAINER)) },
    },
  };
}

function specOf(object: KubeObject): JsonObject {
  if (WORKLOADS.includes(object.kind)) return { spec: workloadSpec(object) };
  if (object.kind === 'Service') return { spec: pick(at(object, 'spec'), ['type', 'selector', 'ports']) };
  if (object.kind === 'HorizontalPodAutoscaler') return { spec: pick(at(object, 'spec'), ['scaleTargetRef', 'minReplicas', 'maxReplicas']) };
  return {};
}

/** Same objects, same order, without what no test reads. */
export function digestOf(objects: readonly KubeObject[]): readonly JsonObject[] {
  return objects.map((object) => ({
    apiVersion: object.apiVersion, kind: object.kind, metadata: pick(object.metadata as unknown as Json, ['name', 'namespace']), ...specOf(object),
  }));
}

export function digestPath(artifact: ArtifactRef): string {
  return join(FOLDER, `${artifact.name}.json`);
}

export function readDigest(artifact: ArtifactRef): Digest {
  return JSON.parse(readFileSync(digestPath(artifact), 'utf8')) as Digest;
}
