import { describe, expect, it } from 'vitest';
import type { ServiceSpec } from '../../src/model/swarm.ts';
import { gatewayCommand, gatewayConfig } from '../../src/swarm/gateway.ts';
import { chooseWay, ingressSpec, publish, unnumbered } from '../../src/swarm/publish.ts';

function service(name: string, ports: readonly object[]): ServiceSpec {
  return {
    Name: `shop_${name}`, Labels: { 'com.docker.stack.namespace': 'shop' }, TaskTemplate: { ContainerSpec: { Image: 'busybox' }, Networks: [{ Target: 'shop_default' }] },
    EndpointSpec: { Mode: 'vip', ...(ports.length === 0 ? {} : { Ports: ports }) },
  };
}
const WEB = service('web', [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }]);
const DB = service('db', []);
const OPTIONS = { network: 'devstack-dev-ingress', freePorts: [] };

describe('the way', () => {
  it.each([
    ['existing', true, 'as-written'], ['existing', false, 'as-written'], ['containers', true, 'mesh'], ['containers', false, 'gateway'],
    // Swarm would listen on every address of the machine.
    ['engine', true, 'gateway'], ['engine', false, 'gateway'],
  ] as const)('%s, IPVS %s: %s', (nodes, ipvs, way) => expect(chooseWay({ nodes }, ipvs)).toBe(way));
});

describe('publish', () => {
  it('over a gateway: Swarm publishes nothing, the service joins the network of gateways', () => {
    const { services, ports, notes } = publish([WEB, DB], { ...OPTIONS, way: 'gateway', ipvs: false });
    expect(services[0]).toMatchObject({ EndpointSpec: { Mode: 'dnsrr' }, TaskTemplate: { Networks: [{ Target: 'shop_default' }, { Target: 'devstack-dev-ingress' }] } });
    expect(services[0]?.EndpointSpec).not.toHaveProperty('Ports');
    expect(services[1]).toEqual({ ...DB, EndpointSpec: { Mode: 'dnsrr' } });
    expect(ports).toEqual([{ namespace: 'shop', service: 'shop_web', published: 8080, target: 80 }]);
    expect(notes).toHaveLength(2);
  });

  it('with IPVS services keep their virtual address', () => {
    expect(publish([WEB], { ...OPTIONS, way: 'gateway', ipvs: true }).services[0]?.EndpointSpec).toEqual({ Mode: 'vip' });
  });

  it('over the mesh the service is as written', () => {
    const { services, ports, notes } = publish([WEB], { ...OPTIONS, way: 'mesh', ipvs: true });
    expect(services).toEqual([WEB]);
    expect(ports).toHaveLength(1);
    expect(notes).toEqual([]);
  });

  it('a port without a number gets a free one; host mode is published like any other; udp is told', () => {
    const spec = service('web', [{ TargetPort: 80 }, { TargetPort: 81, PublishedPort: 8081, PublishMode: 'host' }, { Protocol: 'udp', TargetPort: 53, PublishedPort: 53 }]);
    expect(unnumbered([spec])).toBe(1);
    const { ports, notes } = publish([spec], { ...OPTIONS, way: 'gateway', ipvs: true, freePorts: [40_000] });
    expect(ports.map(({ published, target }) => [published, target])).toEqual([[40_000, 80], [8081, 81]]);
    expect(notes[0]).toBe('shop_web: udp port 53 is not published on this machine, only tcp is');
  });

  it('a swarm of somebody else publishes by itself, and its ports are asked where it is', () => {
    const ports = [{ namespace: 'shop', service: 'shop_web', published: 8080, target: 80, host: '10.0.0.9' }];
    expect(publish([WEB], { ...OPTIONS, way: 'as-written', ipvs: false, host: '10.0.0.9' })).toEqual({ services: [WEB], ports, notes: [] });
  });

  it('the network of gateways can be joined by containers, and carries no label that a stack is found by', () => {
    expect(ingressSpec({ cluster: 'devstack-dev', stack: 'dev' })).toEqual({ Name: 'devstack-dev-ingress', Driver: 'overlay', Attachable: true, Labels: { 'dev.devstack.member-of': 'dev' } });
  });
});

describe('the gateway', () => {
  it('asks for tasks by name, again and again; retries what did not reach a task', () => {
    const text = JSON.stringify(gatewayConfig({ hosts: ['tasks.shop_web'], port: 80, isPlain: false }));
    expect(text).toContain('{"address":"tasks.shop_web","port_value":80}');
    expect(text).toContain('"dns_refresh_rate":"0.2s"');
    expect(text).toContain('"retry_on":"connect-failure,refused-stream,reset-before-request"');
    expect(text).toContain('"max_requests_per_connection":1');
  });

  it('a plain one looks at nothing', () => {
    const text = JSON.stringify(gatewayConfig({ hosts: ['a', 'b'], port: 80, isPlain: true }));
    expect(text).not.toContain('http_connection_manager');
    expect(text).toContain('"max_connect_attempts"');
  });

  it('is one command line, its configuration one word of it', () => {
    const command = gatewayCommand({ hosts: ['a'], port: 80, isPlain: true });
    expect(command[0]).toBe('--config-yaml');
    expect(JSON.parse(command[1] ?? '')).toHaveProperty('static_resources.listeners');
  });
});
