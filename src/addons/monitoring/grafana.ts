// Grafana for one stack. Nobody signs in: there is no password, and who reaches it may look and change nothing.
import type { JsonObject } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { ownProgram } from '../own-program.ts';
import { knativeDashboard } from './panels.ts';

export const GRAFANA = 'grafana';
export const GRAFANA_PORT = 3000;
const VERSION = '12.3.1';
const DATASOURCE = 'prometheus';
const PROVISIONING = '/etc/grafana/provisioning';
const DASHBOARDS = '/etc/grafana/dashboards';
const FIRST = 'knative.json';

const ENVIRONMENT: { readonly [name: string]: string } = {
  GF_AUTH_ANONYMOUS_ENABLED: 'true', GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer', GF_AUTH_BASIC_ENABLED: 'false', GF_AUTH_DISABLE_LOGIN_FORM: 'true',
  GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${DASHBOARDS}/${FIRST}`,
  // It asks nobody outside of the cluster for anything.
  GF_ANALYTICS_REPORTING_ENABLED: 'false', GF_ANALYTICS_CHECK_FOR_UPDATES: 'false', GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_NEWS_NEWS_FEED_ENABLED: 'false', GF_PLUGINS_PREINSTALL_DISABLED: 'true',
};

/** JSON is YAML too. */
function settings(prometheus: string): { readonly [file: string]: string } {
  return {
    'datasources.yaml': JSON.stringify({ apiVersion: 1, datasources: [{ name: 'Prometheus', type: 'prometheus', uid: DATASOURCE, url: prometheus, access: 'proxy', isDefault: true }] }),
    'dashboards.yaml': JSON.stringify({ apiVersion: 1, providers: [{ name: 'devstack', type: 'file', options: { path: DASHBOARDS } }] }),
    [FIRST]: JSON.stringify(knativeDashboard(DATASOURCE)),
  };
}

export function grafana(namespace: string, { prometheus, requests }: { readonly prometheus: string; readonly requests: JsonObject }): readonly KubeObject[] {
  const file = (name: string, folder: string) => ({ name: 'config', mountPath: `${folder}/${name}`, subPath: name });
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: GRAFANA, namespace }, data: settings(prometheus) },
    ...ownProgram({
      namespace, name: GRAFANA, image: `docker.io/grafana/grafana:${VERSION}`, ports: { container: GRAFANA_PORT, service: GRAFANA_PORT },
      pod: {
        automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 472, fsGroup: 472 },
        volumes: [{ name: 'config', configMap: { name: GRAFANA } }, { name: 'data', emptyDir: {} }],
      },
      container: {
        env: Object.entries(ENVIRONMENT).map(([name, value]) => ({ name, value })),
        readinessProbe: { httpGet: { path: '/api/health', port: 'http' }, periodSeconds: 1 }, resources: { requests },
        volumeMounts: [
          file('datasources.yaml', `${PROVISIONING}/datasources`), file('dashboards.yaml', `${PROVISIONING}/dashboards`), file(FIRST, DASHBOARDS),
          { name: 'data', mountPath: '/var/lib/grafana' },
        ],
      },
    }),
  ];
}
