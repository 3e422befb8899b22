// The verbs on resources: each takes a call and gives a reply.
import type { JsonObject } from '../../../model/json.ts';
import { stringAt } from '../../../model/object.ts';
import { type Form, formOf } from './accept.ts';
import { appliedBody, type Call, objectBody, optionalBody, patchBody, writeOptions } from './call.ts';
import type { Core, Target } from './core.ts';
import { listBody, listObjects, metadataOf, shown } from './list.ts';
import { applyObject, patchObject, patchTypeOf } from './patch-object.ts';
import { checkKind, readObject } from './read-object.ts';
import { deleteOptions, remove } from './remove.ts';
import { json, type Reply } from './reply.ts';
import { patchScale, scaleOf, setScale } from './scale.ts';
import { field, invalid, StatusError } from './status.ts';
import { tableOf } from './table.ts';
import { resourceWarnings } from './warnings.ts';
import { isWatch, watchReply } from './watch.ts';
import { create, current, retrying, update } from './write.ts';

const NOT_ALLOWED = (): StatusError => new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});

function inForm(core: Core, call: Call, object: JsonObject, status = 200): Reply {
  const { warnings } = call;
  const form = formOf(call.accept);
  const seen = shown(core, call.route.resource, object);
  if (form === 'table') return json(table(core, call, [seen], { resourceVersion: stringAt(seen, 'metadata', 'resourceVersion') ?? '' }), status, warnings);
  return json(form === 'metadata' ? metadataOf(seen) : seen, status, warnings);
}

function table(core: Core, call: Call, objects: readonly JsonObject[], metadata: JsonObject): JsonObject {
  return tableOf(call.route.resource, objects, { now: core.clock.now(), metadata, include: call.query.get('includeObject') ?? 'Metadata' });
}

function read(core: Core, call: Call): Reply {
  const { route, query } = call;
  const form = formOf(call.accept);
  const isList = route.name === '';
  if (route.subresource === 'scale') return json(scaleOf(route.resource, current(core, route)));
  if (route.watch || (isWatch(query) && (isList || query.has('watch')))) return watch(core, call, form);
  if (!isList) return inForm(core, call, current(core, route));
  assertVerb(route, 'list');
  const result = listObjects(core, route, query);
  if (form === 'table') return json(table(core, call, result.items, result.metadata), 200, call.warnings);
  if (form === 'metadata-list' || form === 'metadata') return json({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: result.metadata, items: result.items.map(metadataOf) }, 200, call.warnings);
  return json(listBody(route.resource, result), 200, call.warnings);
}

function watch(core: Core, call: Call, form: Form): Reply {
  assertVerb(call.route, 'watch');
  return watchReply(core, call.route, call.query, form);
}

function assertVerb(target: Target, verb: string): void {
  if (!target.resource.verbs.includes(verb)) throw NOT_ALLOWED();
}

async function post(core: Core, call: Call): Promise<Reply> {
  const { route } = call;
  if (route.name !== '' || (route.resource.namespaced && route.namespace === '')) throw NOT_ALLOWED();
  assertVerb(route, 'create');
  const options = writeOptions(call);
  const body = objectBody(call);
  checkKind(route.resource, body);
  const object = await create(core, route, readObject(route.resource, body, options), options);
  return inForm(core, call, object, 201);
}

async function put(core: Core, call: Call): Promise<Reply> {
  const { route } = call;
  if (route.name === '') throw NOT_ALLOWED();
  assertVerb(route, 'update');
  const options = writeOptions(call);
  const body = objectBody(call);
  if (route.subresource === 'scale') return json(await setScale(core, route, body, options), 200, call.warnings);
  checkKind(route.resource, body);
  const object = await update(core, route, readObject(route.resource, body, options), options);
  return inForm(core, call, object);
}

async function patch(core: Core, call: Call): Promise<Reply> {
  const { route, query } = call;
  if (route.name === '') throw NOT_ALLOWED();
  assertVerb(route, 'patch');
  const options = writeOptions(call);
  const type = patchTypeOf(call.contentType, route.resource.custom !== undefined);
  if (type === 'apply') {
    if ((query.get('fieldManager') ?? '') === '') throw invalid('PatchOptions', 'meta.k8s.io', '', [field.required('fieldManager', 'is required for apply patch')]);
    const { object, created } = await applyObject(core, route, { body: appliedBody(call), force: query.get('force') === 'true' }, options);
    return inForm(core, call, object, created ? 201 : 200);
  }
  if (query.has('force')) throw invalid('PatchOptions', 'meta.k8s.io', '', [field.forbidden('force', 'may not be specified for non-apply patch')]);
  const body = patchBody(call);
  if (route.subresource === 'scale') return json(await patchScale(core, route, { type, body }, options), 200, call.warnings);
  return inForm(core, call, await patchObject(core, route, { type, body }, options));
}

async function destroy(core: Core, call: Call): Promise<Reply> {
  const { route } = call;
  const options = deleteOptions(optionalBody(call), call.query);
  if (route.name === '') return destroyAll(core, call);
  assertVerb(route, 'delete');
  const { object, gone, returnsObject } = await remove(core, route, options);
  if (!gone || returnsObject) return inForm(core, call, object);
  const { resource } = route;
  return json({
    kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success',
    details: { name: route.name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.name, uid: stringAt(object, 'metadata', 'uid') ?? '' },
  });
}

async function destroyAll(core: Core, call: Call): Promise<Reply> {
  const { route, query } = call;
  assertVerb(route, 'deletecollection');
  const options = deleteOptions(optionalBody(call), query);
  const result = listObjects(core, route, query);
  const removed: JsonObject[] = [];
  for (const object of result.items) {
    const [namespace, name] = [stringAt(object, 'metadata', 'namespace') ?? '', stringAt(object, 'metadata', 'name') ?? ''];
    removed.push((await remove(core, { ...route, namespace, name }, options)).object);
  }
  return json(listBody(route.resource, { items: removed.map((object) => shown(core, route.resource, object)), metadata: result.metadata }));
}

const VERBS: { readonly [method: string]: (core: Core, call: Call) => Reply | Promise<Reply> } = { GET: read, POST: post, PUT: put, PATCH: patch, DELETE: destroy };

/** The reply to a call on a resource; throws StatusError. */
export async function handle(core: Core, call: Call): Promise<Reply> {
  const verb = VERBS[call.method];
  if (verb === undefined) throw NOT_ALLOWED();
  call.warnings.push(...resourceWarnings(call.route.resource));
  const mark = call.warnings.length;
  return retrying(async () => {
    call.warnings.length = mark;
    return verb(core, call);
  });
}
