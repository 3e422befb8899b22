// Every image of every upstream manifest is found and can be moved to a mirror. Reads files only, but many.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createYaml } from '../../src/host/yaml.ts';
import { imagesOf, rewriteImages } from '../../src/kube/image.ts';
import { parseObjects } from '../../src/kube/manifest.ts';

const LAB = process.env['DEVSTACK_LAB'];
describe.skipIf(LAB === undefined)('images of upstream’s manifests (DEVSTACK_LAB)', () => {
  const folder = join(LAB ?? '', '../manifests');
  const files = LAB === undefined ? [] : readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml') && !/Operator-|post-install/.test(file));
  const yaml = createYaml();

  /** A manifest may say `image` where no image is meant: in schemas, examples and comments. */
  it.each(files)('%s: after a rewrite no image of a known registry is left', (file) => {
    const objects = parseObjects(yaml.parseAll(readFileSync(join(folder, file), 'utf8'), file), file).filter((object) => object.kind !== 'CustomResourceDefinition');
    const hosts = ['gcr.io', 'docker.io', 'quay.io', 'ghcr.io', 'registry.k8s.io'];
    const rewritten = rewriteImages(objects, hosts.map((host) => ({ from: `${host}/`, to: `mirror.test/${host}-copy/` })));
    const left = [...JSON.stringify(rewritten).matchAll(/(?:gcr|docker|quay|ghcr|registry\.k8s)\.io\/[\w./-]+(?::[\w.-]+|@sha256:[0-9a-f]{64})/g)].map(([image]) => image);
    expect(left).toEqual([]);
    expect(imagesOf(rewritten)).toHaveLength(imagesOf(objects).length);
  });
});
