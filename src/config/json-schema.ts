// JSON Schema of devstack.yaml, for editors: written to schema/devstack-v1.json by the build.
import { toJSONSchema } from 'zod/mini';
import { stackFileSchema } from './schema.ts';

export function stackFileJsonSchema(): { readonly [key: string]: unknown } {
  const { $schema, ...rest } = toJSONSchema(stackFileSchema, { io: 'input' });
  return { $schema, title: 'devstack.yaml', description: 'What a devstack stack is made of, version 1.', ...rest };
}
