// The rehearsal's cluster: the API server with one node and the controllers that make things happen. Nothing is installed anywhere.
import type { Clock, Yaml } from '../../ports.ts';
import { Api } from './controllers/api.ts';
import { apiServices } from './controllers/api-services.ts';
import { horizontalAutoscalers } from './controllers/autoscaling/horizontal.ts';
import { Metrics } from './controllers/autoscaling/metrics.ts';
import { metricsApi } from './controllers/autoscaling/metrics-api.ts';
import type { Controller, World } from './controllers/controller.ts';
import { endpoints } from './controllers/endpoints.ts';
import { Faults } from './controllers/faults.ts';
import { garbage } from './controllers/garbage.ts';
import { knativeDomainMappings } from './controllers/knative/domain-mapping.ts';
import { knativeEventing } from './controllers/knative/eventing.ts';
import { knativeRevisions } from './controllers/knative/revision.ts';
import { knativeIngresses, knativeRoutes } from './controllers/knative/route.ts';
import { knativeConfigurations, knativeServices } from './controllers/knative/service.ts';
import { Kubelet, type Runner } from './controllers/kubelet.ts';
import { Logs } from './controllers/logs.ts';
import { namespaces } from './controllers/namespaces.ts';
import { createNode, NODE_SIZE, type NodeSize } from './controllers/node.ts';
import type { Pace } from './controllers/pace.ts';
import { Runtime } from './controllers/runtime.ts';
import { scheduler } from './controllers/scheduler.ts';
import { createStorageClass, volumes } from './controllers/volumes.ts';
import { webhookAdmission, webhookFiller } from './controllers/webhooks.ts';
import { daemonSets } from './controllers/workloads/daemon-set.ts';
import { deployments } from './controllers/workloads/deployment.ts';
import { jobs } from './controllers/workloads/job.ts';
import { replicaSets } from './controllers/workloads/replica-set.ts';
import { statefulSets } from './controllers/workloads/stateful-set.ts';
import { type ApiServer, type Snapshot, startApiServer } from './server/api-server.ts';
import type { ServiceProxy } from './server/http.ts';

export interface ClusterOptions {
  readonly clock: Clock;
  readonly port?: number;
  readonly yaml?: Yaml;
  readonly token?: string;
  /** Answers what is sent to Services by way of the API server. */
  readonly proxy?: ServiceProxy;
  readonly snapshot?: Snapshot;
  /** How long things take; lifelike when absent. */
  readonly pace?: Pace;
  readonly node?: NodeSize;
  readonly faults?: Faults;
  /** Runs containers for real. */
  readonly runner?: Runner;
  readonly onBug?: (error: unknown) => void;
}

export interface Cluster {
  readonly server: ApiServer;
  readonly api: Api;
  readonly faults: Faults;
  readonly kubelet: Kubelet;
  /** Resolves when no controller has anything to do right now. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The controllers of every cluster. */
function controllersWith(kubelet: Kubelet, metrics: Metrics, pace: Pace): readonly Controller[] {
  return [
    namespaces, garbage, deployments, replicaSets, statefulSets, daemonSets, jobs, scheduler, kubelet, endpoints, volumes, apiServices, webhookFiller,
    metrics, horizontalAutoscalers(metrics),
    knativeServices, knativeConfigurations, knativeRevisions, knativeRoutes, knativeIngresses(pace), knativeDomainMappings, knativeEventing,
  ];
}

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { clock, pace = { scale: 1 }, faults = new Faults(), onBug = () => undefined } = options;
  const logs = new Logs();
  const server = await startApiServer({
    clock, logs: logs.source, onBug, ...options.port !== undefined && { port: options.port }, ...options.token !== undefined && { token: options.token }, ...options.proxy !== undefined && { proxy: options.proxy },
    ...options.yaml !== undefined && { yaml: options.yaml }, ...options.snapshot !== undefined && { snapshot: options.snapshot },
  });
  const api = new Api(server.core, 'devstack-rehearsal');
  server.core.admissions.add(webhookAdmission(api, faults));
  const world: World = { api, clock, faults, logs };
  if (options.snapshot === undefined) {
    await createNode(api, options.node ?? NODE_SIZE);
    await createStorageClass(api);
  }
  const kubelet = new Kubelet({ pace, ...options.runner !== undefined && { runner: options.runner } });
  const metrics = new Metrics(kubelet);
  server.core.aggregated.add(metricsApi(api, metrics));
  const runtime = new Runtime(controllersWith(kubelet, metrics, pace), world, onBug);
  kubelet.onWake((ref) => { runtime.wake(kubelet, ref); });
  return {
    server, api, faults, kubelet, settled: () => runtime.settled(),
    close: async () => {
      runtime.close();
      await kubelet.close();
      await server.close();
    },
  };
}
