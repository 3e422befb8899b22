// Configuration of the gateway: one Envoy in a container that leads one port to the tasks of one service, or to the nodes.
// HTTP is recognised and balanced by request, so that an update loses none; anything else is handed on as it comes. Pure.
import type { JsonObject } from '../model/json.ts';

export interface GatewayTarget {
  /** Names that resolve to one or more addresses: `tasks.web`, or the nodes. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Hand on the bytes and look at nothing: for the way to another gateway. */
  readonly isPlain: boolean;
}

/** Port that the gateway listens on inside its container. */
export const GATEWAY_PORT = 10_000;

/** In answers that the gateway makes itself, when no task gave one: Envoy's flags for why (`UF`: nothing listens, `UPE`: not HTTP). */
export const GATEWAY_HEADER = 'x-devstack-gateway';

const TYPE = 'type.googleapis.com/envoy';
const CLUSTER = 'target';
/** Servers that speak first (databases, mail) send nothing to recognise HTTP by. */
const RECOGNISE_WITHIN = '0.2s';
/** Docker's DNS answers with a lifetime of ten minutes, and changes the moment a task comes or goes. */
const RESOLVE_EVERY = '0.2s';
const CONNECT_WITHIN = '0.5s';
const TRIES = 6;
const MANY = 100_000;

/** Command line of the container, after the program. */
export function gatewayCommand(target: GatewayTarget): readonly string[] {
  return ['--config-yaml', JSON.stringify(gatewayConfig(target)), '--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'];
}

export function gatewayConfig(target: GatewayTarget): JsonObject {
  return { static_resources: { listeners: [listener(target.isPlain)], clusters: [cluster(target)] } };
}

function typed(name: string, type: string, fields: JsonObject = {}): JsonObject {
  return { name, typed_config: { '@type': `${TYPE}.${type}`, ...fields } };
}

function listener(isPlain: boolean): JsonObject {
  const common = { name: 'in', address: { socket_address: { address: '0.0.0.0', port_value: GATEWAY_PORT } } };
  const tcp = typed('envoy.filters.network.tcp_proxy', 'extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 'tcp', cluster: CLUSTER, max_connect_attempts: TRIES, idle_timeout: '0s',
  });
  if (isPlain) return { ...common, filter_chains: [{ filters: [tcp] }] };
  return {
    ...common,
    listener_filters: [typed('envoy.filters.listener.http_inspector', 'extensions.filters.listener.http_inspector.v3.HttpInspector')],
    listener_filters_timeout: RECOGNISE_WITHIN,
    continue_on_listener_filters_timeout: true,
    filter_chains: [
      { filter_chain_match: { application_protocols: ['http/1.0', 'http/1.1', 'h2c'] }, filters: [http()] },
      { filters: [tcp] },
    ],
  };
}

/** As close to not being there as a proxy gets: no header of its own, no time limit, upgrades go through. */
function http(): JsonObject {
  return typed('envoy.filters.network.http_connection_manager', 'extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'http',
    http_protocol_options: { accept_http_10: true, default_host_for_http_10: 'localhost' },
    generate_request_id: false,
    server_header_transformation: 'PASS_THROUGH',
    local_reply_config: {
      mappers: [{
        filter: { status_code_filter: { comparison: { op: 'GE', value: { default_value: 100, runtime_key: 'unused' } } } },
        headers_to_add: [{ header: { key: GATEWAY_HEADER, value: '%RESPONSE_FLAGS%' } }],
      }],
    },
    stream_idle_timeout: '0s',
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http_filters: [typed('envoy.filters.http.router', 'extensions.filters.http.router.v3.Router', { suppress_envoy_headers: true })],
    route_config: {
      virtual_hosts: [{
        name: 'all', domains: ['*'],
        routes: [
          // Reading twice does no harm: such a request outlives the sudden end of its task.
          route('connect-failure,refused-stream,reset-before-request,reset', [{ name: ':method', string_match: { safe_regex: { regex: 'GET|HEAD|OPTIONS' } } }]),
          route('connect-failure,refused-stream,reset-before-request', []),
        ],
      }],
    },
  });
}

function route(retryOn: string, headers: readonly JsonObject[]): JsonObject {
  return {
    match: { prefix: '/', headers },
    route: {
      cluster: CLUSTER, timeout: '0s',
      retry_policy: {
        retry_on: retryOn, num_retries: TRIES, host_selection_retry_max_attempts: TRIES, retry_back_off: { base_interval: '0.025s', max_interval: '0.5s' },
        retry_host_predicate: [typed('envoy.retry_host_predicates.previous_hosts', 'extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate')],
      },
    },
  };
}

function cluster({ hosts, port }: GatewayTarget): JsonObject {
  const endpoints = hosts.map((address) => ({ endpoint: { address: { socket_address: { address, port_value: port } } } }));
  return {
    name: CLUSTER, connect_timeout: CONNECT_WITHIN,
    cluster_type: typed('envoy.clusters.dns', 'extensions.clusters.dns.v3.DnsCluster', {
      dns_lookup_family: 'V4_ONLY', dns_refresh_rate: RESOLVE_EVERY, dns_failure_refresh_rate: { base_interval: RESOLVE_EVERY, max_interval: '1s' },
    }),
    load_assignment: { cluster_name: CLUSTER, endpoints: [{ lb_endpoints: endpoints }] },
    circuit_breakers: { thresholds: [{ max_connections: MANY, max_pending_requests: MANY, max_requests: MANY, max_retries: MANY }] },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        // A connection that a task closes in the moment it is used again would lose that request.
        common_http_protocol_options: { max_requests_per_connection: 1 },
        use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
      },
    },
  };
}
