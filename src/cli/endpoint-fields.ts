// An endpoint as the result line has it.
import type { JsonObject } from '../model/json.ts';
import type { EndpointResult } from './use-cases.ts';

export function endpointFields(endpoint: EndpointResult): JsonObject {
  const { name, url, host, address, status, verified, path, curl, reason, durationMs } = endpoint;
  return {
    name, url, host, address, status: status ?? null, verified, path, curl,
    ...(reason === undefined ? {} : { reason }), ...(durationMs === undefined ? {} : { durationMs }),
  };
}
