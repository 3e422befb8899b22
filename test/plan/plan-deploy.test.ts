import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/object.ts';
import type { ImageBuild, Step } from '../../src/model/plan.ts';
import { type DeployFacts, type DeployWish, planDeploy } from '../../src/plan/plan-deploy.ts';
import { deploymentService } from '../../src/samples/deployment-service.ts';
import { knativeService } from '../../src/samples/knative-service.ts';

const build: ImageBuild = { image: 'dev.local/web:1', folder: '/app', dockerfile: 'Dockerfile', buildArgs: {}, arch: 'amd64' };
const made = { name: 'web', namespace: 'default', image: build.image, env: {} };
const knative: DeployWish = { name: 'web', namespace: 'default', kind: 'knative', builds: [build], images: [], objects: [knativeService(made, 8080)], probe: { path: '/x', expectStatus: 200, expectBody: 'hi' } };
const deployment: DeployWish = { ...knative, kind: 'deployment', objects: deploymentService(made, 8080) };
const facts: DeployFacts = {
  stack: 'dev', port: 8080, domain: '127.0.0.1.sslip.io', resolves: true, addons: ['knative-serving', 'kourier'], canLoadImages: true, hasRegistry: false, before: [],
  cluster: { stack: 'dev', cluster: 'devstack-dev', provider: 'kind', nodeImage: undefined, kubernetes: '1.34.4', nodes: 1, managers: 0, ports: [], settings: {} },
};
const kinds = (steps: readonly Step[]) => steps.map(({ kind }) => kind);
const applied = (steps: readonly Step[]): readonly KubeObject[] => steps.flatMap((step) => (step.kind === 'apply' ? step.sources.flatMap((source) => ('objects' in source ? source.objects : [])) : []));

describe('planDeploy', () => {
  it('builds, loads, applies, waits and asks', () => {
    const { steps, endpoints } = planDeploy(knative, facts);
    expect(kinds(steps)).toEqual(['build', 'images', 'apply', 'wait', 'probe']);
    expect(endpoints).toMatchObject([{ url: 'http://web.default.127.0.0.1.sslip.io:8080/x', host: 'web.default.127.0.0.1.sslip.io', address: '127.0.0.1:8080' }]);
    expect(steps.at(-1)).toMatchObject({ expectStatus: 200, expectBody: 'hi' });
    expect(steps.every(({ needs }, index) => needs.every((need) => steps.slice(0, index).some(({ id }) => id === need)))).toBe(true);
  });

  it('loads nothing where nodes pull for themselves, or nothing was built', () => {
    expect(kinds(planDeploy(knative, { ...facts, canLoadImages: false }).steps)).toEqual(['build', 'apply', 'wait', 'probe']);
    expect(kinds(planDeploy({ ...knative, builds: [] }, facts).steps)).toEqual(['apply', 'wait', 'probe']);
    expect(planDeploy({ ...knative, builds: [], images: ['ghcr.io/x/y:1'] }, facts).steps[0]).toMatchObject({ kind: 'images', images: ['ghcr.io/x/y:1'], needs: [] });
  });

  it('pushes what is built where the stack has a registry; what somebody else made goes into the nodes', () => {
    const { steps } = planDeploy({ ...knative, images: ['ghcr.io/x/y:1'] }, { ...facts, hasRegistry: true });
    expect(kinds(steps)).toEqual(['build', 'push', 'images', 'apply', 'wait', 'probe']);
    expect(steps[1]).toMatchObject({ images: [build.image], needs: [`build:${build.image}`] });
    expect(steps[2]).toMatchObject({ images: ['ghcr.io/x/y:1'] });
    expect(kinds(planDeploy(knative, { ...facts, hasRegistry: true }).steps)).toEqual(['build', 'push', 'apply', 'wait', 'probe']);
  });

  it('gives a Deployment a host name through the ingress of Knative', () => {
    const { steps, endpoints } = planDeploy(deployment, facts);
    expect(applied(steps).slice(2)).toMatchObject([
      { kind: 'ClusterDomainClaim', metadata: { name: 'web.default.127.0.0.1.sslip.io' }, spec: { namespace: 'default' } },
      { kind: 'DomainMapping', metadata: { name: 'web.default.127.0.0.1.sslip.io', namespace: 'default' }, spec: { ref: { kind: 'Service', name: 'web' } } },
    ]);
    expect(endpoints).toMatchObject([{ host: 'web.default.127.0.0.1.sslip.io' }]);
  });

  it('gives it the port of the stack where there is no ingress', () => {
    const { steps, endpoints, notes } = planDeploy(deployment, { ...facts, addons: [] });
    expect(applied(steps)[1]).toMatchObject({ kind: 'Service', spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 31080 }] } });
    expect(endpoints).toMatchObject([{ url: 'http://localhost:8080/x', address: '127.0.0.1:8080' }]);
    expect(notes).toContainEqual(expect.stringContaining('to no other app'));
  });

  it('asks nothing where there is nobody to ask, and says so', () => {
    const worker: DeployWish = { ...deployment, objects: deployment.objects.slice(0, 1) };
    for (const [wish, world] of [[worker, facts], [deployment, { ...facts, port: undefined }]] as const) {
      const { steps, notes, endpoints } = planDeploy(wish, world);
      expect(kinds(steps)).not.toContain('probe');
      expect([endpoints, notes]).toEqual([[], [expect.stringContaining('nothing is asked')]]);
    }
  });

  it.each([['deployment', 'knative'], ['knative', 'deployment']] as const)('removes it first when it was a %s and becomes a %s: both would have one name', (before, after) => {
    const [old, wish] = before === 'knative' ? [knative, deployment] : [deployment, knative];
    const refs = old.objects.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, name: metadata.name, namespace: 'default' }));
    const { steps } = planDeploy(wish, { ...facts, before: refs });
    expect(kinds(steps)).toEqual(['build', 'images', 'remove', 'apply', 'wait', 'probe']);
    expect(steps.find(({ kind }) => kind === 'remove')).toMatchObject({ destructive: true, part: 'app-web', stack: 'dev' });
    expect(kinds(planDeploy(old, { ...facts, before: refs }).steps), after).not.toContain('remove');
  });

  it('names the addon that is missing, and the way without it', () => {
    expect(() => planDeploy(knative, { ...facts, addons: [] })).toThrow(expect.objectContaining({
      code: 'addon-missing', exit: 3, hints: [expect.objectContaining({ command: 'devstack addon add knative-serving --name dev' }), expect.objectContaining({ command: 'devstack deploy --as deployment' })],
    }));
    const broker: KubeObject = { apiVersion: 'eventing.knative.dev/v1', kind: 'Broker', metadata: { name: 'default' } };
    expect(() => planDeploy({ ...knative, objects: [...knative.objects, broker] }, facts)).toThrow(expect.objectContaining({ code: 'addon-missing', message: expect.stringContaining('Eventing') }));
  });

  it('says that an autoscaler without metrics does nothing', () => {
    const scaled: DeployWish = { ...deployment, objects: [...deployment.objects, { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web' } }] };
    const { notes, steps } = planDeploy(scaled, facts);
    expect(notes).toEqual([expect.stringContaining('devstack addon add metrics-server --name dev')]);
    expect(planDeploy(scaled, { ...facts, addons: [...facts.addons, 'metrics-server'] }).notes).toEqual([]);
    expect(steps.find(({ kind }) => kind === 'wait')).toMatchObject({ refs: expect.not.arrayContaining([expect.objectContaining({ kind: 'HorizontalPodAutoscaler' })]) });
  });
});
