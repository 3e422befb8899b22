// hello: Knative's own small Go program. It is what proves a new stack.
import { knativeService } from '../knative-service.ts';
import type { Sample } from '../sample.ts';

export const hello: Sample = {
  id: 'hello',
  title: 'Hello',
  // Published under `latest` only.
  image: 'ghcr.io/knative/helloworld-go:latest',
  port: 8080,
  kinds: ['knative'],
  env: { TARGET: 'devstack' },
  probe: { path: '/', expectStatus: 200, expectBody: 'Hello' },
  objects: (_kind, options) => [knativeService(options, 8080)],
};
