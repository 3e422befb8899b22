// The lock of files that came without a hash: what was got the first time is what is accepted from then on.
import { failedError } from '../model/error.ts';
import { isJsonObject, parseJson } from '../model/json.ts';
import { stringAt } from '../model/object.ts';
import type { Files } from '../ports.ts';

export interface Pins {
  /** sha256 that a file of this address must have, when one was recorded. */
  of(url: string): Promise<string | undefined>;
  record(url: string, sha256: string): Promise<void>;
}

/** `path` is a JSON file that a person can read and edit: address → hash. */
export function createPins(files: Files, path: string): Pins {
  const read = async (): Promise<{ readonly [url: string]: string }> => {
    const text = await files.readText(path);
    return text === undefined ? {} : parse(text, path);
  };
  return {
    of: async (url) => (await read())[url],
    async record(url, sha256) {
      await files.withLock(`${path}.lock`, async () => {
        const pins = { ...(await read()), [url]: sha256 };
        const sorted = Object.fromEntries(Object.entries(pins).sort(([a], [b]) => (a < b ? -1 : 1)));
        await files.write(path, `${JSON.stringify({ schema: 1, sha256: sorted }, undefined, 2)}\n`);
      });
    },
  };
}

/** Never half-used: a file that cannot be read in whole is refused, because an empty lock would accept anything. */
function parse(text: string, path: string): { readonly [url: string]: string } {
  const pins: { [url: string]: string } = {};
  const value = parseJson(text);
  const entries = isJsonObject(value) && value['schema'] === 1 ? value['sha256'] : undefined;
  if (!isJsonObject(entries)) throw invalid(path);
  for (const url of Object.keys(entries)) {
    const sha256 = stringAt(entries, url);
    if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) throw invalid(path);
    pins[url] = sha256;
  }
  return pins;
}

function invalid(path: string): Error {
  return failedError({
    code: 'artifact-lock-invalid', message: `${path} cannot be read`,
    reason: 'it holds the hashes of files that were downloaded before, and is damaged',
    hints: [{ text: 'Forget them: each file is then taken as it comes once more', command: `rm '${path}'` }],
  });
}
