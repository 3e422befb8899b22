// httpbin: go-httpbin, whose answers show the request.
import { deploymentService } from '../deployment-service.ts';
import { knativeService } from '../knative-service.ts';
import type { Sample } from '../sample.ts';

export const httpbin: Sample = {
  id: 'httpbin',
  title: 'httpbin',
  image: 'ghcr.io/mccutchen/go-httpbin:2.25.0',
  port: 8080,
  kinds: ['knative', 'deployment'],
  env: {},
  probe: { path: '/get', expectStatus: 200, expectBody: '"args"' },
  objects: (kind, options) => (kind === 'knative' ? [knativeService(options, 8080)] : deploymentService(options, 8080)),
};
