// A plan for a provider that installs nothing: files that are not in the cache are replaced by their outline. Pure.
import type { ClusterProvider } from '../clusters/provider.ts';
import type { ArtifactRef, ManifestSource, Plan, Step } from '../model/plan.ts';

/** Every file that the plan reads. */
export function artifactsOf(plan: Plan): readonly ArtifactRef[] {
  return plan.steps.flatMap((step) => (step.kind === 'fetch' ? step.artifacts : []));
}

/** `isCached` by address. What is in the cache is read as it is; what has no outline is fetched. */
export function withOutlines(plan: Plan, provider: Pick<ClusterProvider, 'outlineOf'>, isCached: (url: string) => boolean): Plan {
  const outlineOf = (artifact: ArtifactRef) => (isCached(artifact.url) ? undefined : provider.outlineOf?.(artifact));
  const replaced = artifactsOf(plan).filter((artifact) => outlineOf(artifact) !== undefined).map(({ name }) => name);
  if (replaced.length === 0) return plan;
  const source = (given: ManifestSource): ManifestSource => {
    const objects = 'artifact' in given ? outlineOf(given.artifact) : undefined;
    return objects === undefined ? given : { objects };
  };
  const steps = plan.steps.map((step): Step => {
    if (step.kind === 'apply') {
      // What programs read as text, an outline does not have.
      const isOutlined = step.sources.some((given) => source(given) !== given);
      return { ...step, sources: step.sources.map(source), patches: isOutlined ? step.patches.filter(({ find }) => find === undefined) : step.patches };
    }
    return step.kind === 'fetch' ? { ...step, artifacts: step.artifacts.filter((artifact) => outlineOf(artifact) === undefined) } : step;
  });
  return { ...plan, steps, notes: [...plan.notes, `in outline only, for their files are not in the cache: ${replaced.join(', ')}`] };
}
