// What commands that load an app share: where to ask, and a report to keep.
import { resolve } from 'node:path';
import { composeConfig } from './compose-config.ts';

export const loadFlags = {
  path: { kind: 'text', placeholder: 'PATH', summary: 'path to ask; by default the one that proves the app' },
  report: { kind: 'text', placeholder: 'FILE', summary: 'write the result as one HTML file' },
} as const;

/** Writes the report if one is wanted; its absolute path. */
export async function writeReport(wanted: string | undefined, cwd: string, page: () => string): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  const path = resolve(cwd, wanted);
  const { files } = await composeConfig();
  await files.write(path, page(), { mode: 0o644 });
  return path;
}
