import { describe, expect, it } from 'vitest';
import type { CloudEvent } from '../../src/model/cloud-event.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { planEventSink, SINK_IMAGE, serviceAddress, takersOf } from '../../src/plan/plan-events.ts';

const event: CloudEvent = { specversion: '1.0', id: '1', type: 'a.b', source: '/x' };
const cluster = { stack: 'dev', cluster: 'devstack-dev', provider: 'kind', nodeImage: undefined, kubernetes: undefined, nodes: 1, managers: 0, ports: [], settings: {} };
const trigger = (name: string, spec: object): KubeObject => ({ apiVersion: 'eventing.knative.dev/v1', kind: 'Trigger', metadata: { name, namespace: 'default' }, spec: { broker: 'default', ...spec } });

describe('a sink', () => {
  const sink = { name: 'event-watch', namespace: 'lab', broker: 'default', filter: { type: 'a.b' } };

  it('is a program, its service, and a trigger with the filter', () => {
    const { steps } = planEventSink(sink, { stack: 'dev', cluster, canLoadImages: true });
    expect(steps.map(({ id }) => id)).toEqual(['images', 'apply', 'wait']);
    expect(steps[0]).toMatchObject({ images: [SINK_IMAGE] });
    expect(steps[1]).toMatchObject({
      part: 'app-event-watch',
      sources: [{ objects: [{ kind: 'Deployment' }, { kind: 'Service' }, { kind: 'Trigger', metadata: { namespace: 'lab' }, spec: { broker: 'default', filter: { attributes: { type: 'a.b' } } } }] }],
    });
  });

  it('takes all when nothing is asked for, and its image comes from its registry where none can be loaded', () => {
    const { steps } = planEventSink({ ...sink, filter: {} }, { stack: 'dev', cluster, canLoadImages: false });
    expect(steps.map(({ id }) => id)).toEqual(['apply', 'wait']);
    expect(JSON.stringify(steps)).not.toContain('"filter"');
  });
});

describe('who takes an event', () => {
  it.each<readonly [string, object, readonly string[]]>([
    ['no filter', {}, ['t']],
    ['its type', { filter: { attributes: { type: 'a.b' } } }, ['t']],
    ['any value', { filter: { attributes: { type: '', source: '/x' } } }, ['t']],
    ['another type', { filter: { attributes: { type: 'a.c' } } }, []],
    ['an attribute that it lacks', { filter: { attributes: { type: 'a.b', color: 'blue' } } }, []],
    ['another broker', { broker: 'other' }, []],
    ['filters that only the broker can judge', { filters: [{ prefix: { type: 'z' } }] }, ['t']],
  ])('%s', (_name, spec, takers) => {
    expect(takersOf(event, 'default', [trigger('t', spec)]).map(({ metadata }) => metadata.name)).toEqual(takers);
  });
});

describe('the address of a broker', () => {
  it('names a service and a path', () => {
    expect(serviceAddress('http://broker-ingress.knative-eventing.svc.cluster.local/default/lab')).toEqual({ service: { name: 'broker-ingress', namespace: 'knative-eventing', port: 80 }, path: '/default/lab' });
    expect(serviceAddress('http://b.n.svc:8080/')).toEqual({ service: { name: 'b', namespace: 'n', port: 8080 }, path: '/' });
  });

  it.each(['', 'nonsense', 'https://b.n.svc.cluster.local/', 'http://example.com/'])('is none: %j', (url) => expect(serviceAddress(url)).toBeUndefined());
});
