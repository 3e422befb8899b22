// A session of real kubectl, command by command, against a real kube-apiserver and against the rehearsal: both must say the same.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer } from '../../src/clusters/rehearsal/server/api-server.ts';
import { createClock } from '../../src/host/clock.ts';
import { startRealApiServer } from './real-api-server.ts';

const assets = process.env['KUBEBUILDER_ASSETS'];

interface Command {
  readonly args: readonly string[];
  readonly input?: object | string;
}

const MANIFEST = {
  apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', labels: { app: 'web' } }, data: { color: 'red', size: 'big' } },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 2, selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx:1.25', ports: [{ containerPort: 80, name: 'http' }], env: [{ name: 'A', value: '1' }], readinessProbe: { httpGet: { path: '/', port: 'http' } } }] } },
      },
    },
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] } },
  ],
} as const;

const changed = JSON.stringify(MANIFEST).replace('nginx:1.25', 'nginx:1.26').replace('"color":"red",', '').replace('"value":"1"', '"value":"2"');
const broken = JSON.stringify(MANIFEST.items[1]).replace('"image"', '"imagge"');
const GADGET = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'gadgets.kubectl.example.com' },
  spec: {
    group: 'kubectl.example.com', scope: 'Namespaced', names: { kind: 'Gadget', plural: 'gadgets', shortNames: ['gd'] },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }], schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer', maximum: 5 } } }, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } } }],
  },
};
const gadget = (size: number) => ({ apiVersion: 'kubectl.example.com/v1', kind: 'Gadget', metadata: { name: 'g' }, spec: { size } });
const READY = { status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'ok' }] } };

const run = (line: string, input?: object | string): Command => ({ args: line.split(' '), ...(input !== undefined && { input }) });

const SESSION: readonly Command[] = [
  run('create namespace play'), run('get namespace play'), run('apply -f -', MANIFEST), run('apply -f -', MANIFEST), run('diff -f -', MANIFEST), run('diff -f -', changed),
  run('apply -f -', changed), run('get configmap settings -o jsonpath={.data}'), run('apply --server-side -f -', MANIFEST), run('apply --server-side --force-conflicts -f -', MANIFEST),
  run('apply --server-side --field-manager=other -f -', changed), run('apply --dry-run=server -f -', changed), run('apply --dry-run=client -f -', changed), run('apply -f -', broken),
  run('apply --validate=warn -f -', broken), run('get all'), run('get deployments -o wide'), run('get deployment,service,configmap -l app=web -o name'), run('get deployment web -o yaml'),
  run('get service web -o json'), run('describe deployment web'), run('describe service web'), run('describe configmap settings'), run('set image deployment/web web=nginx:1.27'),
  run('set env deployment/web B=2'), run('scale deployment web --replicas=2'), run('scale deployment web --replicas=5 --current-replicas=9'), run('annotate deployment web note=x'), run('label deployment web tier=front'),
  run('label deployment web tier=back'), run('label deployment web tier-'), run('patch deployment web --subresource=status --type=merge -p', undefined),
  run('wait --for=condition=Available deployment/web --timeout=5s'), run('wait --for=jsonpath={.status.readyReplicas}=2 deployment/web --timeout=5s'), run('wait --for=condition=Progressing deployment/web --timeout=1s'),
  run('rollout status deployment/web --timeout=5s'), run('rollout restart deployment/nothing'),
  run('run one --image=busybox:1.37 --restart=Never -- sleep 1'), run('get pods'), run('logs one'), run('logs nothing'), run('describe pod one'), run('delete pod one'),
  run('create configmap made --from-literal=a=b'), run('create secret generic hidden --from-literal=a=b'), run('get secret hidden -o jsonpath={.data}'), run('create deployment quick --image=nginx --port=80'),
  run('expose deployment quick --port=80'), run('create job once --image=busybox -- true'), run('create ingress way --rule=a.example.com/=web:80'), run('create role reader --verb=get --resource=pods'),
  run('create rolebinding reads --role=reader --user=u'), run('auth can-i create pods'), run('get nothing'), run('get pod nothing'), run('get pods --field-selector=status.phase=Running'), run('get pods --field-selector=spec.x=y'),
  run('replace -f -', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { all: 'new' } }), run('create -f -', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } }),
  run('patch configmap settings --type=json -p', undefined), run('apply -f -', GADGET), run('wait --for=condition=Established crd/gadgets.kubectl.example.com --timeout=10s'), run('apply -f -', gadget(3)), run('apply -f -', gadget(9)),
  run('apply --server-side --force-conflicts -f -', gadget(4)), run('diff -f -', gadget(5)), run('get gd'), run('describe gadget g'), run('patch gadget g --subresource=status --type=merge -p', undefined),
  run('wait --for=condition=Ready gadget/g --timeout=5s'), run('delete gadget g'), run('delete crd gadgets.kubectl.example.com'), run('delete configmap made settings'), run('delete configmap made'), run('delete configmap made --ignore-not-found'),
  run('delete service,deployment --all --wait=false'), run('delete namespace play --wait=false'), run('get namespace play -o jsonpath={.status.phase}'),
];

/** The patches, whose JSON has spaces or not as it likes. */
const PATCHES: { readonly [line: string]: object } = {
  'patch deployment web --subresource=status --type=merge -p': READY,
  'patch configmap settings --type=json -p': [{ op: 'add', path: '/data/more', value: 'x' }],
  'patch gadget g --subresource=status --type=merge -p': { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
};

interface Target {
  readonly kubeconfig: string;
  close(): Promise<void>;
}

function kubectl(kubeconfig: string, home: string, command: Command): Promise<string> {
  const patch = PATCHES[command.args.join(' ')];
  const args = ['--namespace', 'play', ...command.args, ...patch === undefined ? [] : [JSON.stringify(patch)]];
  return new Promise((resolve) => {
    const child = execFile(join(assets ?? '', 'kubectl'), args, { env: { PATH: process.env['PATH'] ?? '', HOME: home, KUBECONFIG: kubeconfig }, timeout: 30_000 }, (error, stdout, stderr) => {
      resolve(`${stdout}${stderr}exit ${error === null ? 0 : String(error.code)}`);
    });
    child.stdin?.end(typeof command.input === 'string' ? command.input : command.input === undefined ? '' : JSON.stringify(command.input));
  });
}

/** Without what differs between two runs against one server. */
function plain(text: string): string {
  return text.replace(/(patch: Invalid value: )"[\s\S]*": strict/, '$1<object>: strict').replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>').replace(/"?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})"?( [A-Z]+)?/g, '<time>')
    .replace(/(Creation ?Timestamp:|Start Time:|Last (Transition|Update) Time:|Time:) .*/g, '$1 <time>').replace(/(resourceVersion"?: "|Resource Version: +)\d+/g, '$1<version>').replace(/10\.96\.\d+\.\d+ */g, '<address> ')
    .replace(/\b\d+m?s\b/g, '<age>').replace(/<age> *$/gm, '<age>').replace(/(LIVE|MERGED)-\d+/g, '$1').replace(/--- .*\n|\+\+\+ .*\n|diff -u .*\n/g, '').replace(/[ \t]+/g, ' ').replace(/-{3,}/g, '---');
}

describe.skipIf(assets === undefined)('kubectl (KUBEBUILDER_ASSETS)', () => {
  let folder: string;
  let targets: readonly Target[];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'devstack-kubectl-'));
    const servers = [await startRealApiServer(assets ?? ''), await startApiServer({ clock: createClock(), token: 'secret-path' })];
    targets = servers.map((server, index) => {
      const kubeconfig = join(folder, `kubeconfig-${index}`);
      writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
      return { kubeconfig, close: () => server.close() };
    });
  });
  afterAll(async () => {
    for (const target of targets) await target.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(SESSION.map((command) => [command.args.join(' '), command] as const))('%s', async (_line, command) => {
    const [real = '', ours = ''] = await Promise.all(targets.map((target, index) => kubectl(target.kubeconfig, join(folder, `home-${index}`), command)));
    expect(plain(ours)).toBe(plain(real));
  });
});
