// Every place where an object names a container image, for listing and for rewriting. Pure.
import { rewriteImage } from '../model/image-name.ts';
import { isJsonObject, type Json, type JsonObject, parseJson } from '../model/json.ts';
import { groupOf, type KubeObject, stringAt } from '../model/object.ts';
import type { ImageRule } from '../model/stack.ts';

type Rewrite = (reference: string) => string;

/** `host/path:tag`, `host/path@sha256:…`: a reference that cannot be taken for something else. */
const QUALIFIED = /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|[a-z0-9.-]+(?=:\d))(?::\d+)?(?:\/[a-z0-9._-]+)+(?::[A-Za-z0-9_][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;
/** Also `busybox:1.28` and `istio/pilot`. Not `auto`, not a template, not `ko://…`. */
const ANY = /^[a-z0-9]+(?:[a-z0-9._-]*)(?::\d+)?(?:\/[a-z0-9._-]+)*(?::[A-Za-z0-9_][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

function hasVersion(reference: string): boolean {
  return reference.includes('@sha256:') || /:[^/]+$/.test(reference);
}

function isReference(text: string): boolean {
  return ANY.test(text) && (text.includes('/') || hasVersion(text));
}

function mapValues(object: JsonObject, change: (key: string, value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(key, value)]));
}

/** `--acme-http01-solver-image=quay.io/…`: arguments that name images for pods to come. */
function inArgument(argument: Json, rewrite: Rewrite): Json {
  const match = typeof argument === 'string' ? /^(--?[\w-]*image[\w-]*=)(\S+)$/i.exec(argument) : null;
  return match !== null && isReference(match[2] ?? '') ? `${match[1]}${rewrite(match[2] ?? '')}` : argument;
}

/** `APISERVER_RA_IMAGE`, `DISPATCHER_IMAGE`. */
function inVariable(variable: Json, rewrite: Rewrite): Json {
  if (!isJsonObject(variable)) return variable;
  const { name, value } = variable;
  if (typeof name !== 'string' || typeof value !== 'string' || !/(^|_)IMAGE$/.test(name) || !isReference(value)) return variable;
  return { ...variable, value: rewrite(value) };
}

function inContainer(container: Json, rewrite: Rewrite): Json {
  if (!isJsonObject(container)) return container;
  return mapValues(container, (key, value) => {
    if (key === 'image' && typeof value === 'string') return isReference(value) ? rewrite(value) : value;
    if (key === 'env' && Array.isArray(value)) return value.map((variable: Json) => inVariable(variable, rewrite));
    if ((key === 'args' || key === 'command') && Array.isArray(value)) return value.map((argument: Json) => inArgument(argument, rewrite));
    return value;
  });
}

const CONTAINERS = new Set(['containers', 'initContainers', 'ephemeralContainers']);

/** Pod specs wherever they are: workloads of Kubernetes, of Knative, of anybody's custom resource. */
function inPodSpecs(value: Json, rewrite: Rewrite): Json {
  if (Array.isArray(value)) return value.map((item: Json) => inPodSpecs(item, rewrite));
  if (!isJsonObject(value)) return value;
  return mapValues(value, (key, item) => {
    if (CONTAINERS.has(key) && Array.isArray(item)) return item.map((container: Json) => inContainer(container, rewrite));
    if (key === 'volumes' && Array.isArray(item)) return item.map((volume: Json) => inVolume(volume, rewrite));
    return inPodSpecs(item, rewrite);
  });
}

function inVolume(volume: Json, rewrite: Rewrite): Json {
  const reference = stringAt(volume, 'image', 'reference');
  return isJsonObject(volume) && reference !== undefined ? { ...volume, image: { ...(volume['image'] as JsonObject), reference: rewrite(reference) } } : volume;
}

/** Istio builds its sidecar's name from three values; the whole name may stand in `image` instead. */
function inIstioValues(text: string, rewrite: Rewrite): string {
  const values = parseJson(text);
  const global = isJsonObject(values) ? values['global'] : undefined;
  const [hub, tag] = [stringAt(global, 'hub'), stringAt(global, 'tag')];
  if (!isJsonObject(values) || !isJsonObject(global) || hub === undefined || tag === undefined) return text;
  let isChanged = false;
  const changed = mapValues(global, (key, entry) => {
    const image = stringAt(entry, 'image');
    if (!isJsonObject(entry) || image === undefined || !/^proxy(_init)?$/.test(key)) return entry;
    const before = image.includes('/') ? image : `${hub}/${image}:${tag}`;
    const after = rewrite(before);
    if (after === before) return entry;
    isChanged = true;
    return { ...entry, image: after };
  });
  return isChanged ? JSON.stringify({ ...values, global: changed }, null, 2) : text;
}

/** `image: busybox:1.28` in a template of a pod. */
function inTemplate(text: string, rewrite: Rewrite): string {
  return text.replace(/^(\s*(?:- )?image:\s*["']?)([^\s"'{}]+)/gm, (whole, before: string, reference: string) => (
    isReference(reference) ? before + rewrite(reference) : whole
  ));
}

/** Images for pods that a controller makes later: `queue-sidecar-image`, Eventing's two lists, Istio's injector. */
function inConfigMap(object: KubeObject, rewrite: Rewrite): KubeObject {
  const data = object['data'];
  if (!isJsonObject(data)) return object;
  const listsImages = /image/i.test(object.metadata.name);
  const changed = mapValues(data, (key, value) => {
    if (typeof value !== 'string') return value;
    const text = value.trim();
    if (QUALIFIED.test(text) || (text.includes('@sha256:') && isReference(text))) {
      return (listsImages || /image/i.test(key)) && hasVersion(text) ? rewrite(text) : value;
    }
    if (object.metadata.name.startsWith('istio-sidecar-injector')) return key === 'values' ? inIstioValues(value, rewrite) : inTemplate(value, rewrite);
    return value;
  });
  return { ...object, data: changed };
}

function inObject(object: KubeObject, rewrite: Rewrite): KubeObject {
  if (object.kind === 'CustomResourceDefinition') return object;
  if (object.kind === 'ConfigMap' && groupOf(object.apiVersion) === '') return inConfigMap(object, rewrite);
  const image = stringAt(object, 'spec', 'image');
  // Knative's own Image: what a node may pull ahead.
  if (object.kind === 'Image' && image !== undefined) return { ...object, spec: { ...(object['spec'] as JsonObject), image: rewrite(image) } };
  return inPodSpecs(object as unknown as JsonObject, rewrite) as unknown as KubeObject;
}

/** The objects with each image replaced by what the rules make of it. */
export function rewriteImages(objects: readonly KubeObject[], rules: readonly ImageRule[]): readonly KubeObject[] {
  return rules.length === 0 ? objects : objects.map((object) => inObject(object, (reference) => rewriteImage(reference, rules)));
}

/** All images that these objects name, each once, sorted. */
export function imagesOf(objects: readonly KubeObject[]): readonly string[] {
  const images = new Set<string>();
  for (const object of objects) {
    inObject(object, (reference) => {
      images.add(reference);
      return reference;
    });
  }
  return [...images].sort();
}
