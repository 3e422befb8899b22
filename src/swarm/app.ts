// One app as a stack of one service: what a sample or a folder with a Dockerfile becomes in a swarm. Pure.
import type { JsonObject } from '../model/json.ts';
import { normaliseStack, type StackPlan } from './stack/normalise.ts';

export interface SwarmApp {
  readonly name: string;
  readonly image: string;
  /** Where the program listens; it is told so by PORT. */
  readonly port: number;
  /** Port of this machine; a free one when undefined. */
  readonly published: number | undefined;
  readonly replicas: number;
  readonly env: { readonly [name: string]: string };
  /** Command that proves health, where the image has none of its own. */
  readonly healthcheck?: readonly string[];
}

/** Updated one by one, the new task first, so that somebody always answers; a failed update goes back by itself. */
const UPDATE: JsonObject = { parallelism: 1, order: 'start-first', failure_action: 'rollback' };

/** `owner` is the devstack stack. */
export function appStack(app: SwarmApp, owner: string): StackPlan {
  const published = app.published === undefined ? {} : { published: app.published };
  const service: JsonObject = {
    image: app.image, environment: { PORT: String(app.port), ...app.env }, ports: [{ target: app.port, ...published }],
    deploy: { replicas: app.replicas, update_config: UPDATE },
    ...(app.healthcheck === undefined ? {} : { healthcheck: { test: ['CMD', ...app.healthcheck], interval: '1s', timeout: '2s', retries: 5 } }),
  };
  return normaliseStack({
    file: { name: app.name, services: { [app.name]: service } }, name: app.name, owner, env: {}, profiles: [], directory: '/', home: '/', nodesSeeHost: false, files: new Map(), images: {},
  });
}
