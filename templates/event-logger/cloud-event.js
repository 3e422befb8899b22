// Reads a CloudEvent out of an HTTP request: binary mode (ce-* headers) or structured mode (one JSON document).

const REQUIRED = ['specversion', 'type', 'source', 'id'];

/**
 * @param {Record<string, string | string[] | undefined>} headers lower case, as node:http gives them
 * @param {Buffer} body
 * @returns {{event: Record<string, unknown>} | {error: string}}
 */
export function readCloudEvent(headers, body) {
  const contentType = String(headers['content-type'] ?? '');
  const read = contentType.startsWith('application/cloudevents+json') ? readStructured(body) : readBinary(headers, contentType, body);
  if ('error' in read) return read;
  const missing = REQUIRED.filter((name) => typeof read.event[name] !== 'string' || read.event[name] === '');
  return missing.length === 0 ? read : { error: `not a CloudEvent: ${missing.join(', ')} missing` };
}

function readStructured(body) {
  const event = parseJson(body);
  const isObject = typeof event === 'object' && event !== null && !Array.isArray(event);
  return isObject ? { event } : { error: 'not a CloudEvent: the body is not a JSON object' };
}

function readBinary(headers, contentType, body) {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), String(value)]);
  const event = Object.fromEntries(attributes);
  if (contentType !== '') event.datacontenttype = contentType;
  if (body.length > 0) event.data = readData(contentType, body);
  return { event };
}

function readData(contentType, body) {
  const isJson = /^application\/([\w.-]+\+)?json\b/.test(contentType);
  return (isJson ? parseJson(body) : undefined) ?? body.toString();
}

function parseJson(body) {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
