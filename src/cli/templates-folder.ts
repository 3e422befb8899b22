// Where the templates are: beside dist in the package, beside src in the repository.
import { join } from 'node:path';
import type { Files } from '../ports.ts';

export async function templatesFolder(files: Files): Promise<string> {
  // The bundler puts this file into dist or dist/chunks; in tests it is in src/cli.
  const candidates = [join(import.meta.dirname, '..', 'templates'), join(import.meta.dirname, '..', '..', 'templates')];
  for (const candidate of candidates) {
    if ((await files.stat(candidate))?.kind === 'directory') return candidate;
  }
  throw new Error(`the package has no templates: neither ${candidates.join(' nor ')}`);
}
