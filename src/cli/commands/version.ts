// devstack version: the version, and with --json every version and checksum that is pinned.
import { addons } from '../../addons/index.ts';
import type { JsonObject } from '../../model/json.ts';
import { VERSION } from '../../model/version.ts';
import { defineCommand } from '../command.ts';

function pins(): JsonObject {
  return Object.fromEntries(addons.map((addon) => [addon.id, {
    version: addon.version, minKubernetes: addon.minKubernetes ?? null,
    artifacts: addon.artifacts(addon.version).map(({ url, sha256, bytes }) => ({ url, sha256: sha256 ?? null, bytes: bytes ?? null })),
  }]));
}

export const version = defineCommand({
  arguments: [],
  flags: {},
  examples: [
    { command: 'devstack version', summary: 'the version' },
    { command: 'devstack version --json', summary: 'with the pinned version and checksum of everything it installs' },
  ],
  run: async () => ({ text: `devstack ${VERSION}\n`, result: { version: VERSION, node: process.versions.node, pins: pins() } }),
});
