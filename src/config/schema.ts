// The shape of devstack.yaml, version 1. The only home of zod; what the words mean is checked in check.ts, for every source alike.
import * as z from 'zod/mini';
import { MAX_DURATION_MS, parseDuration } from './duration.ts';
import { LIMITS } from './setting.ts';
import { NAME_PATTERN } from './stack-name.ts';

const text = (description: string, more: { readonly [keyword: string]: string | readonly string[] } = {}) =>
  z.optional(z.string('must be text').check(z.meta({ description, ...more })));

const integer = (description: string, limits: { readonly min: number; readonly max: number }) => {
  const message = `must be a whole number from ${limits.min} to ${limits.max}`;
  return z.optional(z.int(message).check(z.minimum(limits.min, message), z.maximum(limits.max, message), z.meta({ description })));
};

const texts = (description: string, examples: readonly string[] = []) =>
  z.optional(z.array(z.string('must be text'), 'must be a list').check(
    z.maxLength(LIMITS.listItems, `has more than ${LIMITS.listItems} entries`), z.meta({ description, ...(examples.length === 0 ? {} : { examples: [examples] }) }),
  ));

const imageRule = z.strictObject({
  from: z.string('must be text').check(z.minLength(1, 'is empty'), z.meta({ description: 'prefix that ends in /, or a whole reference' })),
  to: z.string('must be text').check(z.minLength(1, 'is empty'), z.meta({ description: 'what stands there instead' })),
}, 'must be a rule with from and to');

export const stackFileSchema = z.strictObject({
  $schema: text('address of this schema, for editors'),
  version: z.literal(1, 'must be 1').check(z.meta({ description: 'version of this format' })),
  name: text('name of the stack', { pattern: NAME_PATTERN }),
  preset: text('starting point', { examples: ['base', 'knative'] }),
  provider: text('what runs the cluster', { examples: ['kind'] }),
  context: text('use the cluster of this kubeconfig context', { examples: ['rancher-desktop'] }),
  kubernetes: text('Kubernetes version, in quotes', { examples: ['1.34.4'] }),
  nodeImage: text('image of the nodes, instead of a version', { examples: ['kindest/node:v1.34.4'] }),
  nodes: integer('number of nodes', LIMITS.nodes),
  managers: integer('how many of the nodes of a swarm are managers', LIMITS.nodes),
  autolock: z.optional(z.boolean('must be true or false').check(z.meta({ description: 'a swarm whose managers keep their keys locked at rest' }))),
  encrypt: z.optional(z.boolean('must be true or false').check(z.meta({ description: 'a swarm whose apps speak encrypted between nodes' }))),
  existing: z.optional(z.boolean('must be true or false').check(z.meta({ description: 'use the swarm that the engine is part of already' }))),
  port: integer('port on 127.0.0.1; no other is taken silently', LIMITS.port),
  addons: texts('addons besides those of the preset'),
  ingress: text('how requests get into the cluster', { examples: ['kourier'] }),
  domain: text('suffix of host names; auto finds one that resolves', { examples: ['auto', '127.0.0.1.sslip.io'] }),
  samples: texts('samples instead of those of the preset', ['hello']),
  images: z.optional(z.array(imageRule, 'must be a list').check(
    z.maxLength(LIMITS.listItems, `has more than ${LIMITS.listItems} entries`), z.meta({ description: 'rewrites image references; the first match wins' }),
  )),
  mirrors: texts('mirrors to download from, in this order', ['https://mirror.example.com']),
  proxy: text('proxy for downloads', { examples: ['http://proxy.example.com:3128'] }),
  caFile: text('more certificate authorities to trust (PEM), relative to this file'),
  fit: z.optional(z.boolean('must be true or false').check(z.meta({ description: 'lower the requests of addons so that they fit a small machine' }))),
  versions: z.optional(z.record(z.string(), z.string('must be text: put the version in quotes'), 'must be a map of component: version').check(
    z.meta({ description: 'other versions than the tested ones', examples: [{ knative: '1.24.0' }] }),
  )),
  timeout: z.optional(z.string('must be a duration such as 10m').check(
    z.refine((value) => parseDuration(value) !== undefined, `must be a duration such as 90s, 10m or 1h (at most ${MAX_DURATION_MS / 3_600_000}h)`),
    z.meta({ description: 'give up after this time', examples: ['10m'] }),
  )),
}, 'must be a map of settings');

export type StackFile = z.infer<typeof stackFileSchema>;

export interface ShapeIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Set when the last part of the path is a key that does not exist. */
  readonly unknownKey?: string;
}

export type ShapeResult = { readonly file: StackFile } | { readonly issues: readonly ShapeIssue[] };

export function checkShape(value: unknown): ShapeResult {
  const result = z.safeParse(stackFileSchema, value);
  if (result.success) return { file: result.data };
  return {
    issues: result.error.issues.flatMap((issue): readonly ShapeIssue[] => {
      const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol');
      if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
      return issue.keys.map((key) => ({ path: [...path, key], message: 'does not exist', unknownKey: key }));
    }),
  };
}

/** Keys that may stand at a path, for did-you-mean. */
export function knownKeys(path: readonly (string | number)[]): readonly string[] {
  return path[0] === 'images' ? ['from', 'to'] : Object.keys(stackFileSchema.shape).filter((key) => key !== '$schema');
}
