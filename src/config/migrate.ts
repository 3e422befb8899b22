// Versions of the format of devstack.yaml. Old files are lifted to the newest shape; newer ones are refused, never guessed at.
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts';
import { quote } from '../model/redact.ts';
import type { ProblemCode } from './problem.ts';

export const FILE_VERSION = 1;

export type MigrateResult =
  | { readonly value: JsonObject }
  | { readonly problem: { readonly path: readonly string[]; readonly message: string; readonly code: ProblemCode } };

/** The value in the shape of FILE_VERSION. There is one version so far, so this decides only which files can be read. */
export function migrate(value: Json): MigrateResult {
  if (!isJsonObject(value)) {
    return { problem: { path: [], message: `must be a map of settings that starts with "version: ${FILE_VERSION}"`, code: 'config-invalid' } };
  }
  const version = value['version'];
  if (version === FILE_VERSION) return { value };
  if (version === undefined) return { problem: { path: [], message: `says no version: add the line "version: ${FILE_VERSION}"`, code: 'config-version' } };
  if (typeof version === 'number' && Number.isInteger(version) && version > FILE_VERSION) {
    return { problem: { path: ['version'], message: `is ${version}: written for a newer devstack, this one reads ${FILE_VERSION}`, code: 'config-newer' } };
  }
  return { problem: { path: ['version'], message: `must be ${FILE_VERSION}, not ${quote(JSON.stringify(version))}`, code: 'config-version' } };
}
