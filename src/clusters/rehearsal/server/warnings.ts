// What the API tells a client although it does what was asked.
import type { JsonObject } from '../../../model/json.ts';
import { objectAt, objectsAt } from './json.ts';
import type { Resource } from './resource.ts';

function affinityWarnings(path: string, spec: JsonObject): readonly string[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...objectsAt(spec, 'affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution').map((term, index) => ({ term: objectAt(term, 'podAffinityTerm') ?? {}, place: `preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm` })),
    ...objectsAt(spec, 'affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution').map((term, index) => ({ term, place: `requiredDuringSchedulingIgnoredDuringExecution[${index}]` })),
  ].filter(({ term }) => term['labelSelector'] === undefined).map(({ place }) => `${path}.affinity.${kind}.${place}.labelSelector: a null labelSelector results in matching no pod`));
}

/** Of a kind that somebody should stop using: said to every request. */
export function resourceWarnings(resource: Resource): readonly string[] {
  const deprecated = resource.custom?.deprecationWarning;
  if (deprecated !== undefined) return [deprecated];
  return resource.storage.key === 'endpoints' ? ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'] : [];
}

/** Of what an object says. */
export function objectWarnings(object: JsonObject): readonly string[] {
  const spec = objectAt(object, 'spec', 'template', 'spec');
  return spec === undefined ? [] : affinityWarnings('spec.template.spec', spec);
}
