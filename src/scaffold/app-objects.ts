// From the manifest that a person wrote to the objects of one deployment: this image, this namespace, these variables. Pure.
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { PROBE_ANNOTATION } from '../model/label.ts';
import type { KubeObject } from '../model/object.ts';

export interface AppObjectsInput {
  readonly name: string;
  readonly namespace: string;
  /** By repository (`dev.local/app`): the image that was built, with its tag. */
  readonly images: ReadonlyMap<string, string>;
  /** Set in the first container of what is named after the app. */
  readonly env: { readonly [name: string]: string };
  /** On the pods of what is named after the app. */
  readonly annotations: { readonly [name: string]: string };
  /** Port of that container, when it is not as in the manifest. */
  readonly port?: number;
  readonly probe: JsonObject;
}

/** Kinds of manifests that people write for apps, and that belong to no namespace. */
const CLUSTER_KINDS = new Set(['Namespace', 'CustomResourceDefinition', 'ClusterRole', 'ClusterRoleBinding', 'PersistentVolume', 'StorageClass', 'PriorityClass', 'IngressClass', 'ClusterDomainClaim']);
/** Kinds that can serve an app. */
const WORKLOADS = new Set(['Service/serving.knative.dev', 'Deployment/apps', 'StatefulSet/apps', 'DaemonSet/apps']);

export function appObjects(objects: readonly KubeObject[], input: AppObjectsInput): readonly KubeObject[] {
  return objects.map((object) => {
    const placed = CLUSTER_KINDS.has(object.kind) || object.metadata.namespace !== undefined
      ? object : { ...object, metadata: { ...object.metadata, namespace: input.namespace } };
    const { metadata, ...rest } = withImages(placed as unknown as JsonObject, input.images) as unknown as KubeObject;
    if (!servesApp(object, input.name)) return { ...rest, metadata } as KubeObject;
    const annotations = { ...metadata.annotations, [PROBE_ANNOTATION]: JSON.stringify(input.probe) };
    return { ...rest, spec: withAnnotations(withContainer(rest['spec'] as Json, input), input.annotations), metadata: { ...metadata, annotations } } as KubeObject;
  });
}

/** True for the workload that is named after the app. */
export function servesApp({ apiVersion, kind, metadata }: KubeObject, name: string): boolean {
  return metadata.name === name && WORKLOADS.has(`${kind}/${apiVersion.split('/')[0]}`);
}

/** Replaces the images that were built, in every list of containers. */
function withImages(value: Json, images: ReadonlyMap<string, string>): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withImages(item, images));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => {
    const isImage = key === 'image' && typeof item === 'string';
    return [key, isImage ? (images.get(repositoryOf(item)) ?? item) : withImages(item, images)];
  }));
}

/** `host:5000/app:tag@sha256:…` without tag and digest. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

/** Sets variables and port in the first container of a workload's template. */
function withContainer(spec: Json, { env, port }: AppObjectsInput): Json {
  return update(spec, ['template', 'spec', 'containers', 0], (container) => {
    if (!isJsonObject(container)) return container;
    const names = Object.keys(env);
    const given = Array.isArray(container['env']) ? container['env'].filter((entry: Json) => !isJsonObject(entry) || !names.includes(String(entry['name']))) : [];
    const all = [...given, ...names.map((name) => ({ name, value: env[name] ?? '' }))];
    return {
      ...container,
      ...(all.length === 0 ? {} : { env: all }),
      ...(port === undefined ? {} : { ports: withPort(container['ports'], port) }),
    };
  });
}

function withAnnotations(spec: Json, annotations: AppObjectsInput['annotations']): Json {
  if (Object.keys(annotations).length === 0) return spec;
  return update(spec, ['template'], (template) => {
    if (!isJsonObject(template)) return template;
    const metadata = isJsonObject(template['metadata']) ? template['metadata'] : {};
    const given = isJsonObject(metadata['annotations']) ? metadata['annotations'] : {};
    return { ...template, metadata: { ...metadata, annotations: { ...given, ...annotations } } };
  });
}

function withPort(ports: Json | undefined, port: number): Json {
  const [first, ...others]: readonly Json[] = Array.isArray(ports) ? ports : [];
  return [{ ...(isJsonObject(first) ? first : {}), containerPort: port }, ...others];
}

function update(value: Json, [part, ...deeper]: readonly (string | number)[], change: (value: Json) => Json): Json {
  if (part === undefined) return change(value);
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === part ? update(item, deeper, change) : item));
  if (!isJsonObject(value) || value[part] === undefined) return value;
  return { ...value, [part]: update(value[part], deeper, change) };
}
