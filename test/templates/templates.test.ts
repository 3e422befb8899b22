// What every template promises, read from its files: pins, users, probes, placeholders. That they build and run is in the e2e test.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import { createYaml } from '../../src/host/yaml.ts';
import { arrayAt, at, isKubeObject, type KubeObject, stringAt } from '../../src/model/object.ts';
import { MANIFEST_FILES } from '../../src/scaffold/app-file.ts';
import { renderText } from '../../src/scaffold/scaffold.ts';
import { listTemplates, problemOfAnswer, type Template } from '../../src/scaffold/template.ts';

const root = join(import.meta.dirname, '../../templates');
const templates = await listTemplates(root, createFiles());
const yaml = createYaml();
const read = (template: Template, file: string) => readFileSync(join(template.folder, file), 'utf8');
const all = (ending: RegExp) => templates.flatMap((template) => template.files.filter((file) => ending.test(file)).map((file) => [template.id, file, template] as const));

/** The objects of a manifest, rendered as for an app called `web`. */
function objectsOf(template: Template, file: string): readonly KubeObject[] {
  const values = new Map([['name', 'web'], ...template.questions.map(({ id, default: preset }) => [id, preset] as const)]);
  return yaml.parseAll(renderText(read(template, file), values), file).map((value) => {
    if (!isKubeObject(value)) throw new Error(`${template.id}/${file}: not an object of Kubernetes`);
    return value;
  });
}

/** Every container of an object, wherever its pod template is. */
const containersOf = (object: KubeObject) => arrayAt(object, 'spec', 'template', 'spec', 'containers');

it('there is one for each row of the table', () => {
  expect(templates.map(({ id }) => id)).toEqual([
    'autoscale', 'chat', 'event-logger', 'event-source', 'flask-time', 'hello-go', 'hello-node', 'hello-php', 'hello-python', 'httpbin', 'notes', 'quantum',
  ]);
});

describe.each(templates.map((template) => [template.id, template] as const))('%s', (_id, template) => {
  it('has a manifest for each kind, and none that no kind names', () => {
    const kinds = template.app.kinds.map((kind) => MANIFEST_FILES[kind]);
    expect(template.files).toEqual(expect.arrayContaining(kinds));
    expect(Object.values(MANIFEST_FILES).filter((file) => template.files.includes(file) && !kinds.includes(file))).toEqual([]);
  });

  it('has a Dockerfile and a .dockerignore for each image', () => {
    for (const folder of Object.values(template.app.images)) expect(template.files).toEqual(expect.arrayContaining([join(folder, 'Dockerfile'), join(folder, '.dockerignore')]));
  });

  it('has a README of ten lines', () => {
    expect(read(template, 'README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(10);
  });

  it('uses every placeholder that it declares, and no other', () => {
    const used = template.files.flatMap((file) => [...read(template, file).matchAll(/(?<![A-Za-z0-9-])app-([a-z]+)/g)].map(([, id]) => id));
    expect([...new Set(used)].sort()).toEqual(['name', ...template.questions.map(({ id }) => id)].sort());
  });

  it('has defaults that are good answers', () => {
    for (const question of template.questions) expect(problemOfAnswer(question, question.default)).toBeUndefined();
  });
});

describe.each(all(/(^|\/)Dockerfile$/))('%s/%s', (_id, file, template) => {
  const lines = read(template, file).split('\n');

  it('starts from a base that is pinned to a version and can be replaced', () => {
    const base = /^ARG BASE=(?<image>\S+):(?<tag>\S+)$/m.exec(read(template, file))?.groups?.['tag'];
    expect(base).toMatch(/^\d+\.\d+|^\d+-/);
    const stages = lines.filter((line) => line.startsWith('FROM ')).map((line) => line.split(' ')[1]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a Dockerfile writes it
    expect(new Set(stages)).toSatisfy((bases: Set<string>) => [...bases].every((from) => from === '${BASE}' || from === 'scratch'));
  });

  it('runs as a user that is a number and not root', () => {
    expect(lines.filter((line) => line.startsWith('USER ')).at(-1)).toMatch(/^USER [1-9]\d+:[1-9]\d+$/);
  });

  it('has a health check, or says why not', () => {
    expect(lines).toContainEqual(expect.stringMatching(/^HEALTHCHECK |^# No HEALTHCHECK: /));
  });

  it('builds with the classic builder too', () => {
    expect(read(template, file)).not.toMatch(/--mount|--link|<<|# syntax=/);
  });

  it('copies what it installs from before what changes often', () => {
    const install = lines.findIndex((line) => /^RUN .*(npm ci|pip|go mod download)/.test(line) || line.includes('pip --python'));
    const source = lines.findIndex((line) => /^COPY (?!--from).*(server\.js|app\.py|\*\.go)/.test(line));
    expect(install === -1 || install < source).toBe(true);
  });
});

it.each(all(/requirements\.txt$/))('%s/%s pins everything by version and hash', (_id, file, template) => {
  const requirements = read(template, file).replace(/\s*\\\n\s*/g, ' ').split('\n').filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
  expect(requirements.length).toBeGreaterThan(0);
  for (const line of requirements) expect(line).toMatch(/^[\w.-]+==[\w.]+ (--hash=sha256:[0-9a-f]{64} ?)+$/);
});

it.each(all(/package\.json$/))('%s/%s pins everything, and its lock names no host', (_id, file, template) => {
  const manifest = JSON.parse(read(template, file));
  for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const lock = JSON.parse(read(template, file.replace('package.json', 'package-lock.json')));
  const { '': own, ...packages } = lock.packages;
  expect(own.dependencies).toEqual(manifest.dependencies);
  for (const entry of Object.values<{ integrity?: string; resolved?: string }>(packages)) {
    expect(entry.integrity).toMatch(/^sha512-/);
    expect(entry.resolved).toBeUndefined();
  }
});

it.each(all(/go\.mod$/))('%s/%s needs no module, or has sums', (_id, file, template) => {
  expect(!read(template, file).includes('require') || template.files.includes('go.sum')).toBe(true);
});

it.each(all(/./))('%s/%s names no registry of packages', (_id, file, template) => {
  expect(read(template, file)).not.toMatch(/registry\.npmjs|pypi\.org|pythonhosted|proxy\.golang|--index-url|--registry/);
});

describe.each(all(/^(knative|deployment)\.yaml$/))('%s/%s', (_id, file, template) => {
  const objects = objectsOf(template, file);
  const containers = objects.flatMap(containersOf);

  it('is named after the app, and leaves the namespace open', () => {
    for (const { kind, metadata } of objects) {
      if (kind !== 'Broker') expect(metadata.name).toMatch(/^web(-|$)/);
      expect(metadata.namespace).toBeUndefined();
    }
  });

  it('runs the image that was built, from the node', () => {
    expect(containers.length).toBeGreaterThan(0);
    for (const container of containers) expect(container).toMatchObject({ image: 'dev.local/web:dev', imagePullPolicy: 'IfNotPresent', ports: [{ containerPort: template.app.port }] });
  });

  it('runs with as few rights as it needs, within a limit of memory, and is probed', () => {
    for (const object of objects.filter((each) => containersOf(each).length > 0)) {
      const [container] = containersOf(object);
      const pod = at(object, 'spec', 'template', 'spec', 'securityContext');
      expect({ ...(pod as object), ...(at(container, 'securityContext') as object) }).toMatchObject({
        runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(stringAt(container, 'resources', 'limits', 'memory')).toMatch(/^\d+Mi$/);
      expect(stringAt(container, 'readinessProbe', 'httpGet', 'path')).toMatch(/^\//);
    }
  });

  it('leaves the number of replicas to the autoscaler, which can count', () => {
    const scaled = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').map((object) => stringAt(object, 'spec', 'scaleTargetRef', 'name'));
    for (const object of objects.filter(({ kind, metadata }) => kind === 'Deployment' && scaled.includes(metadata.name))) {
      expect(at(object, 'spec', 'replicas')).toBeUndefined();
      expect(at(containersOf(object)[0], 'resources', 'requests', 'cpu')).toMatch(/^\d+m$/);
    }
  });

  it('has a service whose selector finds the pods', () => {
    if (file === 'knative.yaml') return;
    const labels = at(objects.find(({ kind }) => kind === 'Deployment'), 'spec', 'template', 'metadata', 'labels');
    expect(labels).toMatchObject(at(objects.find(({ kind }) => kind === 'Service'), 'spec', 'selector') as object);
  });
});

describe.each(all(/^(stack\.yml|compose\.yaml)$/))('%s/%s', (_id, file, template) => {
  const services = Object.values(at(yaml.parseAll(read(template, file), file)[0], 'services') as object);

  it('runs images of a version, never latest', () => {
    for (const service of services) expect(service).toMatchObject({ image: expect.stringMatching(/:(?!latest).+$/) });
  });

  it('is reached on this machine only', () => {
    if (file !== 'compose.yaml') return;
    for (const port of services.flatMap((service) => arrayAt(service, 'ports'))) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});
