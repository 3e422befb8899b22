// hello: Knative's own small Go program. It is what proves a new stack.
import { deploymentService } from '../deployment-service.ts';
import { knativeService } from '../knative-service.ts';
import type { Sample } from '../sample.ts';

export const hello: Sample = {
  id: 'hello',
  title: 'Hello',
  // Published under `latest` only.
  image: 'ghcr.io/knative/helloworld-go:latest',
  port: 8080,
  kinds: ['knative', 'deployment'],
  env: { TARGET: 'devstack' },
  probe: { path: '/', expectStatus: 200, expectBody: 'Hello' },
  objects: (kind, options) => (kind === 'knative' ? [knativeService(options, 8080)] : deploymentService(options, 8080)),
};
