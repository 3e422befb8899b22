import { describe, expect, it } from 'vitest';
import { type CloudEvent, createEventReader, isCloudEvent } from '../../src/model/cloud-event.ts';

/** As event_display of Knative Eventing 1.23 wrote it. */
const LOG = `2026/11/21 15:03:53 failed to parse observability config from env, falling back to default config
☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: a.b
  source: /x
  id: 1
  time: 2026-01-01T00:00:00Z
  datacontenttype: application/json
Extensions,
  color: blue
Data,
  {
    "text": "hi",
    "n": [
      1,
      {
        "a": 2
      }
    ]
  }
☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: t
  source: /y
  id: 2
  datacontenttype: text/plain
Data,
  line one
line two
☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: t
  source: /y
  id: 3
☁️  cloudevents.Event
Context Attributes,
  specversion: 1.0
  type: t
  source: /y
  id: 4
  datacontenttype: application/json
Data,
  "a text"
`;

function read(log: string): readonly CloudEvent[] {
  const reader = createEventReader();
  return log.split('\n').flatMap((line) => reader.take(line) ?? []);
}

describe('the log of event_display', () => {
  it('is read into events', () => {
    expect(read(LOG)).toEqual([
      { specversion: '1.0', type: 'a.b', source: '/x', id: '1', time: '2026-01-01T00:00:00Z', datacontenttype: 'application/json', color: 'blue', data: { text: 'hi', n: [1, { a: 2 }] } },
      { specversion: '1.0', type: 't', source: '/y', id: '2', datacontenttype: 'text/plain', data: 'line one' },
      { specversion: '1.0', type: 't', source: '/y', id: '3' },
      { specversion: '1.0', type: 't', source: '/y', id: '4', datacontenttype: 'application/json', data: 'a text' },
    ]);
  });

  it('tells an event with its last line, not with the next event', () => {
    const lines = LOG.split('\n');
    const reader = createEventReader();
    const told = lines.map((line) => reader.take(line)?.id);
    expect(lines[told.indexOf('1')]).toBe('  }');
  });

  it('may begin in the middle of one, and end in another', () => {
    const lines = LOG.split('\n');
    expect(read(lines.slice(5, 30).join('\n')).map(({ id }) => id)).toEqual(['2']);
    expect(read('no event at all\n  id: 1\nData,\n  {}\n')).toEqual([]);
  });

  it('keeps what lacks an attribute that every event has to itself', () => {
    expect(read('☁️  cloudevents.Event\n  id: 1\n  datacontenttype: application/json\nData,\n  {}\n')).toEqual([]);
    expect(isCloudEvent({ specversion: '1.0', id: '', type: 't', source: 's' })).toBe(false);
  });
});
