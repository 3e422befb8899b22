import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createYaml } from '../../src/host/yaml.ts';
import { filesOf, normaliseStack, type StackPlan, type StackSource } from '../../src/swarm/stack/normalise.ts';

const yaml = createYaml();
const parse = (text: string) => yaml.parse(text, 'stack.yml').value;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function normalise(text: string, given: Partial<StackSource> = {}): StackPlan {
  return normaliseStack({
    file: parse(text), name: undefined, owner: 'dev', env: {}, profiles: [], directory: '/home/ann/chat', home: '/home/ann', nodesSeeHost: true, files: new Map(), images: {}, ...given,
  });
}

const service = (body: string): string => `name: s\nservices:\n  web:\n    image: busybox\n${body.replace(/^(?=.)/gm, '    ')}`;
const only = (plan: StackPlan) => {
  const [spec] = plan.services;
  if (spec === undefined) throw new Error('no service');
  return spec;
};
const texts = (findings: StackPlan['problems']): readonly string[] => findings.map(({ path, message }) => `${path}: ${message}`);

describe('a file as people write it', () => {
  const text = readFileSync(new URL('../fixtures/swarm/stacks/chat.yml', import.meta.url), 'utf8');
  const files = new Map([['web.env', base64('COLOUR=blue # the sky\nGREETING=overridden\n')], ['./token.txt', base64('s3cret')]]);
  const plan = normalise(text, { files, env: { TOKEN: 'abc' } });
  const [db, web] = plan.services;
  const labels = { 'com.docker.stack.namespace': 'chat', 'dev.devstack.member-of': 'dev' };

  it('has no problem', () => expect(texts(plan.problems)).toEqual([]));

  it('names the files that must be read', () => expect(filesOf(parse(text), {})).toEqual(['web.env', './token.txt']));

  it('puts a service after those it depends on, and leaves out what no profile asked for', () => {
    expect(plan.services.map(({ Name }) => Name)).toEqual(['chat_db', 'chat_web']);
    expect(normalise(text, { files, profiles: ['debug'] }).services.map(({ Name }) => Name)).toContain('chat_tools');
  });

  it('web', () => {
    expect(web).toEqual({
      Name: 'chat_web',
      Labels: { ...labels, 'com.docker.stack.image': 'chat-web:dev' },
      Mode: { Replicated: { Replicas: 3 } },
      UpdateConfig: { Parallelism: 2, Delay: 5e9, FailureAction: 'rollback', Order: 'start-first' },
      EndpointSpec: {
        Mode: 'vip',
        Ports: [
          { Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' },
          { Protocol: 'udp', TargetPort: 9000, PublishedPort: 9100, PublishMode: 'host' },
        ],
      },
      TaskTemplate: {
        ContainerSpec: {
          Image: 'chat-web:dev',
          Labels: labels,
          Env: ['COLOUR=blue', 'GREETING=hello $USER', 'DEBUG=false', 'WORKERS=2', 'TOKEN=abc'],
          Healthcheck: { Test: ['CMD-SHELL', 'curl -f http://localhost/ || exit 1'], Interval: 90e9, Timeout: 500e6, Retries: 3 },
          Secrets: [
            { SecretID: '', SecretName: 'chat_token_1ec1c26b', File: { Name: 'token', UID: '0', GID: '0', Mode: 0o444 } },
            { SecretID: '', SecretName: 'prod-cert', File: { Name: 'tls.pem', UID: '0', GID: '0', Mode: 0o440 } },
          ],
          Configs: [{ ConfigID: '', ConfigName: 'chat_motd_280d44ab', File: { Name: '/motd', UID: '0', GID: '0', Mode: 0o444 } }],
        },
        Resources: { Limits: { NanoCPUs: 500_000_000, MemoryBytes: 64 * 2 ** 20 } },
        RestartPolicy: { Condition: 'any' },
        Placement: { Constraints: ['node.role == worker'], Preferences: [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }], MaxReplicas: 2 },
        Networks: [{ Target: 'chat_front', Aliases: ['web', 'www'] }, { Target: 'chat_back', Aliases: ['web'] }],
        LogDriver: { Name: 'json-file', Options: { 'max-size': '1m' } },
      },
    });
  });

  it('db', () => {
    expect(db).toMatchObject({
      TaskTemplate: {
        ContainerSpec: {
          Args: ['postgres', '-c', 'log_line_prefix=%t '],
          StopGracePeriod: 30e9,
          Mounts: [
            { Type: 'volume', Source: 'chat_data', Target: '/var/lib/postgresql/data', VolumeOptions: { Labels: labels } },
            { Type: 'tmpfs', Target: '/run', TmpfsOptions: { SizeBytes: 16 * 2 ** 20 } },
          ],
        },
        Resources: { Limits: { MemoryBytes: 256 * 2 ** 20 } },
      },
    });
  });

  it('networks, secrets and configs, but not those that nobody uses', () => {
    expect(plan.networks).toEqual([
      { key: 'front', name: 'chat_front', isExternal: false, spec: { Name: 'chat_front', Driver: 'overlay', Attachable: false, Labels: labels } },
      { key: 'back', name: 'chat_back', isExternal: false, spec: { Name: 'chat_back', Driver: 'overlay', Attachable: false, Labels: labels, Internal: true } },
    ]);
    expect(plan.secrets).toMatchObject([{ name: 'chat_token_1ec1c26b', spec: { Data: base64('s3cret') } }, { name: 'prod-cert', isExternal: true }]);
    expect(plan.configs).toMatchObject([{ name: 'chat_motd_280d44ab', spec: { Data: base64('welcome') } }]);
  });

  it('what must be built', () => {
    expect(plan.builds).toEqual([{ service: 'web', image: 'chat-web:dev', context: './web', args: { VERSION: '1' } }]);
    expect(normalise(text, { files, images: { web: 'chat-web:1a2b' } }).services[1]?.TaskTemplate.ContainerSpec?.Image).toBe('chat-web:1a2b');
  });

  it('tells every difference', () => {
    expect(texts(plan.differences)).toEqual([
      'networks.back.driver: bridge is of one machine: overlay takes its place',
      'services.tools.profiles: tools is left out: ask for it with --profile debug',
      'services.web.build: built by devstack from ./web: Swarm itself builds nothing',
      'services.web.depends_on: Swarm starts all services at once: web must try again until db answers',
      'services.db.container_name: is left out: Swarm names its containers',
      'services.db.mem_limit: read as deploy.resources.limits.memory',
      'services.web.restart: read as deploy.restart_policy.condition: any',
    ]);
  });
});

describe('names of secrets and configs carry a hash of their content', () => {
  const file = 'name: s\nservices:\n  web: { image: busybox, secrets: [a] }\nsecrets:\n  a: { environment: A }\n';
  it('other content, other name; same content, same name', () => {
    const nameOf = (A: string) => normalise(file, { env: { A } }).secrets[0]?.name;
    expect(nameOf('one')).not.toBe(nameOf('two'));
    expect(nameOf('one')).toBe(nameOf('one'));
  });

  it.each([
    ['name: s\nservices: { web: { image: b, secrets: [a] } }\nsecrets: { a: { environment: NO } }', 'secrets.a: the variable NO is not set'],
    ['name: s\nservices: { web: { image: b, secrets: [a] } }\nsecrets: { a: { file: ./gone } }', 'secrets.a: the file ./gone could not be read'],
    ['name: s\nservices: { web: { image: b, secrets: [a] } }\nsecrets: { a: { } }', 'secrets.a: needs one of file, environment and content'],
    ['name: s\nservices: { web: { image: b, secrets: [a] } }\nsecrets: { a: { content: "" } }', 'secrets.a: a secret holds 1 to 512000 bytes, this has 0'],
    ['name: s\nservices: { web: { image: b, secrets: [zz] } }', 'services.web.secrets[0]: zz is not declared at the top of the file'],
  ])('%s', (text, problem) => expect(texts(normalise(text).problems)).toContain(problem));
});

describe('what cannot be done is said, all at once', () => {
  it('several problems of one file', () => {
    const plan = normalise(service('extends: { service: base }\ncolour: blue\nnetwork_mode: host\nvolumes: [data:/data]\n'));
    expect(texts(plan.problems)).toEqual([
      'services.web.extends: devstack reads one file without inheritance: docker compose config prints it resolved',
      'services.web.colour: is not a key that devstack knows here',
      'services.web.network_mode: host cannot be had in a swarm: services meet in networks',
      'services.web.volumes[0]: the volume data is not declared under the volumes of the file',
    ]);
  });

  it.each([
    ['include: [other.yml]\nname: s\nservices: {}', /include: devstack reads one file/],
    ['services: { web: { image: b } }', /the stack has no name/],
    ['name: Bad Name\nservices: { web: { image: b } }', /^name: "Bad Name" must be/],
    ['name: s', /services: the file has no services/],
    ['- a', /the file is empty, or not a map/],
    ['name: s\nservices: { web: { } }', /services.web: needs an image, or build/],
    ['name: s\nservices: { a: { image: b, depends_on: [c] }, c: { image: b, depends_on: [a] } }', /depends on itself: a → c → a/],
    [service('depends_on: [gone]'), /gone is not a service of this file/],
    [service('ports: ["http"]'), /"http" should look like "8080:80"/],
    [service('ports: ["99999:80"]'), /ports are between 1 and 65535/],
    [service('ports: ["8000-8002:80"]'), /3 published ports for 1 in the container/],
    [service('healthcheck: { interval: soon }'), /"soon" should look like 10s/],
    [service('deploy: { replicas: many }'), /must be a number, not "many"/],
    [service('deploy: { mode: global, replicas: 2 }'), /has one task on each node/],
    [service('deploy: { placement: { constraints: [fast] } }'), /"fast" should look like node.role==manager/],
    [service('deploy: { update_config: { failure_action: explode } }'), /must be continue or pause or rollback, not "explode"/],
    [service('command: "echo \'oops"'), /services.web.command: has a quote that is not closed/],
    [service('environment: { A: "$' + '{B:?set it}" }'), /the variable B is not set: set it/],
    [service('environment: { A: "$' + '{B" }'), /has a \$\{ without its }/],
    [service('environment: 3'), /services.web.environment: must be a map, not 3/],
    [service('env_file: gone.env'), /the file gone.env could not be read/],
  ])('%j', (text, problem) => expect(texts(normalise(text).problems).join('\n')).toMatch(problem));

  it('a folder of this machine is no mount where nodes are containers', () => {
    const text = service('volumes: ["./src:/app"]');
    expect(only(normalise(text)).TaskTemplate.ContainerSpec?.Mounts).toEqual([{ Type: 'bind', Source: '/home/ann/chat/src', Target: '/app' }]);
    expect(texts(normalise(text, { nodesSeeHost: false }).problems)[0]).toMatch(/nodes are containers that do not see it/);
  });
});

describe('single forms', () => {
  const mountOf = (mount: string) => only(normalise(`${service(`volumes: [${JSON.stringify(mount)}]`)}\nvolumes: { data: {} }`)).TaskTemplate.ContainerSpec?.Mounts?.[0];
  it.each([
    ['/cache', { Type: 'volume', Target: '/cache' }],
    ['../up:/x:ro', { Type: 'bind', Source: '/home/ann/up', Target: '/x', ReadOnly: true }],
    ['~/x:/x', { Type: 'bind', Source: '/home/ann/x', Target: '/x' }],
    ['/etc:/x', { Type: 'bind', Source: '/etc', Target: '/x' }],
    ['data:/x:nocopy', { Type: 'volume', Source: 's_data', Target: '/x' }],
  ])('volume %s', (mount, expected) => expect(mountOf(mount)).toMatchObject(expected));

  it.each([
    ['"80"', [{ Protocol: 'tcp', TargetPort: 80, PublishMode: 'ingress' }]],
    ['"127.0.0.1:8080:80"', [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'ingress' }]],
    ['"53:53/udp"', [{ Protocol: 'udp', TargetPort: 53, PublishedPort: 53, PublishMode: 'ingress' }]],
    ['"8000-8001:80-81"', [{ TargetPort: 80, PublishedPort: 8000 }, { TargetPort: 81, PublishedPort: 8001 }]],
    ['8080:80', [{ TargetPort: 80, PublishedPort: 8080 }]],
  ])('port %s', (port, expected) => expect(only(normalise(service(`ports: [${port}]`))).EndpointSpec?.Ports).toMatchObject(expected));

  it('an address off this machine is told', () => {
    expect(texts(normalise(service('ports: ["0.0.0.0:80:80"]')).differences)[0]).toMatch(/listen on 127.0.0.1, not on 0.0.0.0/);
  });

  it.each([
    ['echo "a b" \'c d\' e\\ f', ['echo', 'a b', 'c d', 'e f']],
    ['', []],
    ['sh -c "echo \\"hi\\" $$HOME"', ['sh', '-c', 'echo "hi" $HOME']],
  ])('command %j', (command, words) => {
    expect(only(normalise(service(`command: ${JSON.stringify(command)}`))).TaskTemplate.ContainerSpec?.Args).toEqual(words);
  });

  it.each([
    ['$A-$' + '{A}', 'x-x'], ['$' + '{NO:-d$' + '{A}}', 'dx'], ['$' + '{EMPTY-d}', ''], ['$' + '{EMPTY:-d}', 'd'], ['$' + '{A:+y}', 'y'], ['$' + '{NO+y}', ''], ['$$A', '$A'],
  ])('variable %s', (text, expected) => {
    const plan = normalise(service(`environment: { V: ${JSON.stringify(text)} }`), { env: { A: 'x', EMPTY: '' } });
    expect(only(plan).TaskTemplate.ContainerSpec?.Env).toEqual([`V=${expected}`]);
  });

  it('env files', () => {
    const text = 'export A=1\n# no\n\nB="two\\nlines"\nC=\'$raw\'\nD=a b # c\nE=pa$\nF=$A\nG\n';
    const plan = normalise(service('env_file: { path: a.env, required: false }').replace('{ path', '[{ path').replace('false }', 'false }]'), { files: new Map([['a.env', base64(text)]]), env: { G: 'g' } });
    expect(texts(plan.problems)).toEqual([]);
    expect(only(plan).TaskTemplate.ContainerSpec?.Env).toEqual(['A=1', 'B=two\nlines', 'C=$raw', 'D=a b', 'E=pa$', 'F=1', 'G=g']);
  });

  it('jobs do not restart for ever', () => {
    expect(only(normalise(service('deploy: { mode: replicated-job, replicas: 3 }')))).toMatchObject({
      Mode: { ReplicatedJob: { MaxConcurrent: 3, TotalCompletions: 3 } }, TaskTemplate: { RestartPolicy: { Condition: 'on-failure' } },
    });
  });

  it('a service without networks is in the default one, which is made', () => {
    const plan = normalise(service(''));
    expect(only(plan).TaskTemplate.Networks).toEqual([{ Target: 's_default', Aliases: ['web'] }]);
    expect(plan.networks.map(({ name }) => name)).toEqual(['s_default']);
  });
});
