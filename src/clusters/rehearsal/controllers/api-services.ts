// Aggregated APIs: available once somebody ready stands behind their Service.
import { stringAt } from '../../../model/object.ts';
import { refOf } from './api.ts';
import { setCondition } from './conditions.ts';
import type { Controller } from './controller.ts';
import { hasReadyEndpoint } from './endpoints.ts';

const KEY = 'apiservices.apiregistration.k8s.io';

export const apiServices: Controller = {
  name: 'kube-aggregator',
  watches: [
    { key: KEY },
    { key: 'endpointslices.discovery.k8s.io', of: (event, { api }) => api.list(KEY).filter((service) => stringAt(service, 'spec', 'service', 'name') === stringAt(event.object, 'metadata', 'labels', 'kubernetes.io/service-name')).map((service) => refOf(KEY, service)) },
  ],
  async reconcile(ref, world) {
    const service = world.api.get(ref);
    const [namespace, name] = [stringAt(service, 'spec', 'service', 'namespace'), stringAt(service, 'spec', 'service', 'name')];
    if (service === undefined || namespace === undefined || name === undefined) return undefined;
    const isThere = world.api.get({ key: 'services', namespace, name }) !== undefined;
    const isReady = hasReadyEndpoint(world, namespace, name);
    await world.api.updateStatus(ref, (status) => {
      setCondition(status, world.api.now(), isReady ? { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }
        : isThere ? { type: 'Available', status: 'False', reason: 'MissingEndpoints', message: `endpoints for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name "https"` }
          : { type: 'Available', status: 'False', reason: 'ServiceNotFound', message: `service/${name} in ${JSON.stringify(namespace)} is not present` });
    });
    return undefined;
  },
};
