// What makes a pod or a pod template wrong.
import type { Json, JsonObject } from '../../../../model/json.ts';
import { objectAt, objectsAt } from '../json.ts';
import { parseQuantity } from '../quantity.ts';
import { type FieldError, field } from '../status.ts';
import { label, labelErrors, subdomain } from './names.ts';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;

export function portErrors(path: string, value: Json | undefined): readonly FieldError[] {
  return typeof value === 'number' && value >= 1 && value <= 65_535 ? [] : [field.invalid(path, value ?? 0, 'must be between 1 and 65535, inclusive')];
}

/** A port by number or by name. */
export function portOrNameErrors(path: string, value: Json | undefined): readonly FieldError[] {
  if (typeof value !== 'string') return portErrors(path, value);
  return /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(value) && /[a-z]/.test(value) && value.length <= 15 ? [] : [field.invalid(path, value, 'must contain at least one letter (a-z)')];
}

function resourceErrors(path: string, container: JsonObject): readonly FieldError[] {
  const [requests, limits] = [objectAt(container, 'resources', 'requests') ?? {}, objectAt(container, 'resources', 'limits') ?? {}];
  return Object.entries(requests).flatMap(([name, amount]) => {
    const [asked, limit] = [parseQuantity(String(amount)), parseQuantity(String(limits[name] ?? ''))];
    return asked !== undefined && limit !== undefined && asked.nano > limit.nano
      ? [field.invalid(`${path}.resources.requests`, amount, `must be less than or equal to ${name} limit of ${String(limits[name])}`)] : [];
  });
}

function containerPortErrors(path: string, container: JsonObject): readonly FieldError[] {
  const names = new Set<Json>();
  return objectsAt(container, 'ports').flatMap((port, index) => {
    const place = `${path}.ports[${index}]`;
    const name = port['name'];
    const repeated = typeof name === 'string' && names.has(name) ? [field.duplicate(`${place}.name`, name)] : [];
    if (typeof name === 'string') names.add(name);
    const number = port['containerPort'] === undefined || port['containerPort'] === 0 ? [field.required(`${place}.containerPort`)] : portErrors(`${place}.containerPort`, port['containerPort']);
    const protocol = ['SCTP', 'TCP', 'UDP'].includes(String(port['protocol'])) ? [] : [field.unsupported(`${place}.protocol`, port['protocol'] ?? '', ['SCTP', 'TCP', 'UDP'])];
    return [...repeated, ...number, ...protocol];
  });
}

function environmentErrors(path: string, container: JsonObject): readonly FieldError[] {
  return objectsAt(container, 'env').flatMap((variable, index) => {
    const name = String(variable['name'] ?? '');
    if (name === '') return [field.required(`${path}.env[${index}].name`)];
    return ENV_NAME.test(name) ? [] : [field.invalid(`${path}.env[${index}].name`, name, "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')")];
  });
}

function mountErrors(path: string, container: JsonObject, volumes: ReadonlySet<string>): readonly FieldError[] {
  const paths = new Set<Json>();
  return objectsAt(container, 'volumeMounts').flatMap((mount, index) => {
    const place = `${path}.volumeMounts[${index}]`;
    const [name, mountPath] = [String(mount['name'] ?? ''), String(mount['mountPath'] ?? '')];
    const errors: FieldError[] = [];
    if (name === '') errors.push(field.required(`${place}.name`));
    if (mountPath === '') errors.push(field.required(`${place}.mountPath`));
    if (name !== '' && !volumes.has(name)) errors.push(field.notFound(`${place}.name`, name));
    if (paths.has(mountPath)) errors.push(field.invalid(`${place}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    return errors;
  });
}

function probeErrors(path: string, container: JsonObject): readonly FieldError[] {
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) => {
    const probe = objectAt(container, name);
    if (probe === undefined) return [];
    const actions = ['exec', 'httpGet', 'tcpSocket', 'grpc'].filter((action) => probe[action] !== undefined);
    if (actions.length === 0) return [field.required(`${path}.${name}`, 'must specify a handler type')];
    const port = objectAt(probe, 'httpGet')?.['port'] ?? objectAt(probe, 'tcpSocket')?.['port'];
    return port === undefined ? [] : portOrNameErrors(`${path}.${name}.${actions[0]}.port`, port);
  });
}

function containerErrors(path: string, container: JsonObject, volumes: ReadonlySet<string>): readonly FieldError[] {
  const [name, image, policy] = [String(container['name'] ?? ''), String(container['image'] ?? ''), String(container['imagePullPolicy'] ?? '')];
  const errors: FieldError[] = [];
  if (name === '') errors.push(field.required(`${path}.name`));
  else errors.push(...label(name).map((text) => field.invalid(`${path}.name`, name, text)));
  if (image === '') errors.push(field.required(`${path}.image`));
  else if (image.trim() !== image) errors.push(field.invalid(`${path}.image`, image, 'must not have leading or trailing whitespace'));
  errors.push(...containerPortErrors(path, container), ...environmentErrors(path, container), ...mountErrors(path, container, volumes), ...probeErrors(path, container));
  if (!PULL_POLICIES.includes(policy)) errors.push(field.unsupported(`${path}.imagePullPolicy`, policy, PULL_POLICIES));
  return [...errors, ...resourceErrors(path, container)];
}

function containersErrors(path: string, spec: JsonObject, volumes: ReadonlySet<string>): readonly FieldError[] {
  const containers = objectsAt(spec, 'containers');
  if (containers.length === 0) return [field.required(`${path}.containers`)];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [key, list] of [['initContainers', objectsAt(spec, 'initContainers')], ['containers', containers]] as const) {
    for (const [index, container] of list.entries()) {
      const place = `${path}.${key}[${index}]`;
      const name = String(container['name'] ?? '');
      errors.push(...containerErrors(place, container, volumes));
      if (seen.has(name) && name !== '') errors.push(field.duplicate(`${place}.name`, name));
      seen.add(name);
    }
  }
  return errors;
}

function volumeErrors(path: string, spec: JsonObject): readonly FieldError[] {
  const seen = new Set<string>();
  return objectsAt(spec, 'volumes').flatMap((volume, index) => {
    const [place, name] = [`${path}.volumes[${index}]`, String(volume['name'] ?? '')];
    const repeated = seen.has(name) ? [field.duplicate(`${place}.name`, name)] : [];
    seen.add(name);
    if (name === '') return [field.required(`${place}.name`)];
    return [...label(name).map((text) => field.invalid(`${place}.name`, name, text)), ...repeated];
  });
}

/** `policies` are the restart policies that the kind allows; the first of them is what an absent one would be. */
export function podSpecErrors(path: string, spec: JsonObject | undefined): readonly FieldError[] {
  if (spec === undefined) return [field.required(`${path}.containers`)];
  const volumes = new Set(objectsAt(spec, 'volumes').map((volume) => String(volume['name'] ?? '')));
  const account = String(spec['serviceAccountName'] ?? '');
  const restart = String(spec['restartPolicy'] ?? '');
  const dns = String(spec['dnsPolicy'] ?? '');
  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  return [
    ...volumeErrors(path, spec), ...containersErrors(path, spec, volumes),
    ...['Always', 'OnFailure', 'Never'].includes(restart) ? [] : [field.unsupported(`${path}.restartPolicy`, restart, ['Always', 'OnFailure', 'Never'])],
    ...policies.includes(dns) ? [] : [field.unsupported(`${path}.dnsPolicy`, dns, policies)],
    ...account === '' ? [] : subdomain(account).map((text) => field.invalid(`${path}.serviceAccountName`, account, text)),
  ];
}

export function podTemplateErrors(path: string, template: JsonObject | undefined): readonly FieldError[] {
  return [...labelErrors(objectAt(template, 'metadata')?.['labels'], `${path}.metadata.labels`), ...podSpecErrors(`${path}.spec`, objectAt(template, 'spec'))];
}
