// An app in a swarm: a folder with a Dockerfile that has no stack file of its own, and a place for its ports. Pure.
import type { JsonObject } from '../model/json.ts';
import { DOCKER_PROBE_LABEL } from '../model/label.ts';
import type { ServiceSpec } from '../model/swarm.ts';
import type { PortProbe } from './proof.ts';
import type { Port } from './publish.ts';

/** The new task first, so that somebody always answers; an update that fails goes back by itself. */
const UPDATE: JsonObject = { parallelism: 1, order: 'start-first', failure_action: 'rollback' };

/** The stack file of a container that listens on one port; the program is told which by PORT. */
export function appFile(app: { readonly name: string; readonly image: string; readonly port: number; readonly published: number; readonly replicas?: number }): JsonObject {
  const service: JsonObject = {
    image: app.image, environment: { PORT: String(app.port) }, ports: [{ target: app.port, published: app.published }], deploy: { replicas: app.replicas ?? 1, update_config: UPDATE },
  };
  return { name: app.name, services: { [app.name]: service } };
}

/** The repository of an image, without tag and digest. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/]*$/, '');
}

/** Variables added to the services that run one of these images, or taking the place of what has the same name. */
export function withEnv(services: readonly ServiceSpec[], images: readonly string[], env: { readonly [name: string]: string }): readonly ServiceSpec[] {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return services.map((spec) => {
    const container = spec.TaskTemplate.ContainerSpec;
    if (container === undefined || lines.length === 0 || !images.includes(container.Image)) return spec;
    const kept = (container.Env ?? []).filter((line) => !Object.hasOwn(env, line.split('=')[0] ?? ''));
    return { ...spec, TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { ...container, Env: [...kept, ...lines] } } };
  });
}

/** The request that proves an app, kept with the services that publish ports. */
export function withProbe(services: readonly ServiceSpec[], probe: PortProbe): readonly ServiceSpec[] {
  return services.map((spec) => ((spec.EndpointSpec?.Ports ?? []).length === 0 ? spec : { ...spec, Labels: { ...spec.Labels, [DOCKER_PROBE_LABEL]: JSON.stringify(probe) } }));
}

export interface Room {
  /** The first port to try. */
  readonly base: number;
  /** The ports that are open already. */
  readonly opened: readonly Port[];
  isFree(port: number): Promise<boolean>;
}

/** Where an app's ports go: where they are already, else the first free ones of the stack. What its file says is only a proposal. */
export async function placed(services: readonly ServiceSpec[], { base, opened, isFree }: Room): Promise<readonly ServiceSpec[]> {
  const taken = new Set(opened.map(({ published }) => published));
  const result: ServiceSpec[] = [];
  for (const spec of services) {
    const ports = [];
    for (const port of spec.EndpointSpec?.Ports ?? []) {
      const own = opened.find(({ service, target }) => service === spec.Name && target === port.TargetPort);
      let published = own?.published ?? base;
      while (own === undefined && published < 65_535 && (taken.has(published) || !(await isFree(published)))) published += 1;
      taken.add(published);
      ports.push({ ...port, PublishedPort: published });
    }
    result.push(ports.length === 0 ? spec : { ...spec, EndpointSpec: { ...spec.EndpointSpec, Ports: ports } });
  }
  return result;
}
