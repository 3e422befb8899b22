// What holds when nobody says otherwise.
import type { Layer } from './setting.ts';

const ORIGIN = 'default';

/** The lowest layer. Settings that are not here have no value unless somebody gives one. */
export const defaults = {
  name: { value: 'dev', origin: ORIGIN },
  preset: { value: 'knative', origin: ORIGIN },
  provider: { value: 'kind', origin: ORIGIN },
  nodes: { value: 1, origin: ORIGIN },
  managers: { value: 1, origin: ORIGIN },
  port: { value: 8080, origin: ORIGIN },
  ingress: { value: 'kourier', origin: ORIGIN },
  domain: { value: 'auto', origin: ORIGIN },
  images: { value: [], origin: ORIGIN },
  mirrors: { value: [], origin: ORIGIN },
  fit: { value: false, origin: ORIGIN },
  versions: { value: {}, origin: ORIGIN },
  timeout: { value: 600_000, origin: ORIGIN },
} as const satisfies Layer;
