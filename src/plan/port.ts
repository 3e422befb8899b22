// The host port of the ingress: the cluster's own, the wanted one, or the next that is free. Pure.
import { preconditionError } from '../model/error.ts';
import type { Facts } from '../model/fact.ts';
import type { StackSpec } from '../model/stack.ts';

/** Throws `port-taken` or `port-fixed` when the port that was asked for cannot be had. */
export function choosePort(spec: StackSpec, facts: Facts): number {
  const own = facts.cluster.ingressPort;
  // Also of a cluster without the stack: whoever made it has published the port.
  if (own !== undefined) {
    if (!spec.portIsFixed || own === spec.port) return own;
    throw preconditionError({
      code: 'port-fixed', message: `stack ${spec.name} is published on port ${own}; host ports are fixed when the cluster is made`,
      hints: [{ text: 'go on with its port', command: `devstack up ${spec.preset} --name ${spec.name}` },
        { text: 'or make it again', command: `devstack down ${spec.name}` }],
    });
  }
  const [first] = facts.freePorts;
  if (facts.freePorts.includes(spec.port)) return spec.port;
  if (spec.portIsFixed || first === undefined) {
    const holder = facts.stacks.find((stack) => stack.port === spec.port && stack.stack !== spec.name);
    throw preconditionError({
      code: 'port-taken', message: `port ${spec.port} on 127.0.0.1 is taken${holder === undefined ? '' : ` by stack ${holder.stack}`}`,
      hints: [
        ...(first === undefined ? [] : [{ text: `port ${first} is free`, command: `devstack up ${spec.preset} --name ${spec.name} --port ${first}` }]),
        ...(holder === undefined ? [] : [{ text: `or remove that stack`, command: `devstack down ${holder.stack}` }]),
      ],
    });
  }
  return first;
}
