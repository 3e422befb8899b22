// What is deployed in a swarm and how it does, with a request to every published port made just now.
import { deploymentOf, probeOfService } from './deployment.ts';
import { openedPorts } from './gateways.ts';
import { askPorts, type PortStatus } from './proof.ts';
import type { ServiceStatus } from './status.ts';
import { connect, memberFilter, type SwarmRun, type SwarmTarget } from './target.ts';
import { statusOfServices } from './wait.ts';

export interface DeploymentStatus {
  readonly name: string;
  readonly services: readonly ServiceStatus[];
}

export interface SwarmOverview {
  readonly deployments: readonly DeploymentStatus[];
  readonly ports: readonly PortStatus[];
}

export async function swarmOverview(target: SwarmTarget, run: SwarmRun): Promise<SwarmOverview> {
  const swarm = connect(target, run);
  const [services, ports] = await Promise.all([swarm.list('service', memberFilter(target), run.signal), openedPorts(target, run)]);
  const probes = new Map(services.map((service) => [service.Spec.Name, probeOfService(service)]));
  const [statuses, answers] = await Promise.all([statusOfServices(swarm, services.map(({ Spec }) => Spec.Name), { signal: run.signal }), askPorts(ports, run, probes)]);
  const names = [...new Set(services.map(deploymentOf))].sort();
  return {
    deployments: names.map((name) => ({ name, services: statuses.filter((_status, index) => services[index] !== undefined && deploymentOf(services[index]) === name) })),
    ports: answers,
  };
}
