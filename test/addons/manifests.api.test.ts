// The files behind the addons, as they are at their addresses: their sums are the pins, and the digests that the unit tests read are true.
// `npx vitest run --project api test/addons -u` writes the digests anew.
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { testedPairs } from '../../src/addons/compatibility.ts';
import { addons } from '../../src/addons/index.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { parseObjects } from '../../src/kube/manifest.ts';
import type { ArtifactRef } from '../../src/model/plan.ts';
import { digestOf, digestPath } from './digest.ts';

const yaml = createYaml();
const mirror = process.env['DEVSTACK_MIRROR'];

/** Default versions, and those that a tested pair takes instead. */
const artifacts: readonly ArtifactRef[] = addons.flatMap((addon) => {
  const paired = testedPairs.filter((pair) => pair.with === addon.id).flatMap((pair) => pair.versions);
  const versions = [...new Set([addon.version, ...paired])].filter((version) => version === addon.version || addon.otherVersions === undefined);
  return versions.flatMap((version) => addon.artifacts(version));
});

describe.skipIf(mirror === undefined)('manifests of the addons', () => {
  test.each(artifacts.map((artifact) => [artifact.name, artifact] as const))('%s', async (name, artifact) => {
    const response = await fetch(`${mirror}/${artifact.url.replace('https://', '')}`);
    expect(response.status, artifact.url).toBe(200);
    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (artifact.sha256 !== undefined) expect({ sha256, bytes: bytes.length }).toEqual({ sha256: artifact.sha256, bytes: artifact.bytes });
    const objects = digestOf(parseObjects(yaml.parseAll(bytes.toString('utf8'), name), name));
    const lines = objects.map((object) => `  ${JSON.stringify(object)}`).join(',\n');
    await expect(`{\n "url": ${JSON.stringify(artifact.url)},\n "objects": [\n${lines}\n ]\n}\n`).toMatchFileSnapshot(digestPath(artifact));
  });
});
