// Composes the two adapters that read and write devstack.yaml. Apart from compose.ts, so that `config` and `init` load no engine.
import type { Files, Yaml } from '../ports.ts';

export async function composeConfig(): Promise<{ readonly files: Files; readonly yaml: Yaml }> {
  const [{ createFiles }, { createYaml }] = await Promise.all([import('../host/files.ts'), import('../host/yaml.ts')]);
  return { files: createFiles(), yaml: createYaml() };
}
