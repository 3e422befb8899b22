// CloudEvents: what one is, and how to read those that Knative's event_display has written to its log. Pure.
import { isJsonObject, type Json, type JsonObject, parseJson } from './json.ts';

/** An event in the JSON format of CloudEvents 1.0; extensions are further attributes. */
export interface CloudEvent extends JsonObject {
  readonly specversion: string;
  readonly id: string;
  readonly type: string;
  readonly source: string;
}

export function isCloudEvent(value: unknown): value is CloudEvent {
  return isJsonObject(value) && ['specversion', 'id', 'type', 'source'].every((name) => typeof value[name] === 'string' && value[name] !== '');
}

export interface EventReader {
  /** The event that this line completes, if it does. */
  take(line: string): CloudEvent | undefined;
}

const BEGIN = /cloudevents\.Event$/;
const ATTRIBUTE = /^ {2}([a-z0-9]+): (.*)$/;

interface Half {
  readonly attributes: { [name: string]: Json };
  /** Lines of the data; undefined before they begin. */
  data: string[] | undefined;
}

/**
 * Reads the log line by line. An event is complete when its JSON data is; of data that is no JSON, only the first line is taken, for
 * nothing marks the end of it. An event without data is told when the next one begins.
 */
export function createEventReader(): EventReader {
  let half: Half | undefined;
  const complete = (data?: Json): CloudEvent | undefined => {
    const event = half === undefined ? undefined : { ...half.attributes, ...(data === undefined ? {} : { data }) };
    half = undefined;
    return isCloudEvent(event) ? event : undefined;
  };
  return {
    take(line) {
      if (BEGIN.test(line)) {
        const before = complete();
        half = { attributes: {}, data: undefined };
        return before;
      }
      if (half === undefined) return undefined;
      if (half.data !== undefined) {
        half.data.push(line);
        const data = readData(half.data, String(half.attributes['datacontenttype'] ?? ''));
        return data === undefined ? undefined : complete(data);
      }
      if (line === 'Data,' || line === 'Data (binary),') half.data = [];
      const [, name, value] = ATTRIBUTE.exec(line) ?? [];
      if (name !== undefined && value !== undefined) half.attributes[name] = value;
      return undefined;
    },
  };
}

/** Undefined while it is not whole. */
function readData(lines: readonly string[], type: string): Json | undefined {
  if (!/[/+]json\b/.test(type)) return lines.join('\n').trim();
  return parseJson(lines.join('\n'));
}
