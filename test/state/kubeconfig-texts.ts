// Kubeconfigs as people and tools write them, for tests of edits that must leave them alone.
import fc from 'fast-check';

/** The own file of a stack, as kind writes it. */
export function ownKubeconfig(name: string, port = 6443): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    server: https://127.0.0.1:${port}
  name: ${name}
contexts:
- context:
    cluster: ${name}
    user: ${name}
  name: ${name}
current-context: ${name}
kind: Config
users:
- name: ${name}
  user:
    client-certificate-data: LS0tLS1CRUdJTg==
    client-key-data: LS0tLS1CRUdJTg==
`;
}

export const KUBECTL_STYLE = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: QUJD
    server: https://prod.example.com:6443
  name: prod
contexts:
- context:
    cluster: prod
    namespace: shop
    user: alice
  name: prod
current-context: prod
kind: Config
preferences: {}
users:
- name: alice
  user:
    token: s3cret
`;

export const BY_HAND = `# my clusters, do not touch!
apiVersion: v1
kind: Config
x-unknown: {keep: "me"}   # and this

current-context:   "prod"   # careful

contexts:
  # the real one
  - name: prod
    context: {cluster: prod, user: alice}   # shop

  - context:
      cluster: &c stage
      user: bob
    name: stage
# users come from the vault
users:
  - {name: alice, user: {token: 'it''s'}}
  -
    name: bob
    user:
      exec:
        apiVersion: client.authentication.k8s.io/v1
        command: vault
        args:
          - |
            two
            lines

clusters:
  - name: prod
    cluster:
      server: https://prod.example.com
      extra-field: [1, 2.50, 0x1f]
  - name: *c
    cluster:
      server: https://stage.example.com
# the end`;

export const EMPTY_LISTS = 'apiVersion: v1\nclusters: null\ncontexts: []\ncurrent-context: ""\nkind: Config\npreferences: {}\nusers:\n';
export const COMPACT_JSON = '{"apiVersion":"v1","kind":"Config","clusters":[{"name":"prod","cluster":{"server":"https://p"}}],"contexts":[{"name":"prod","context":{"cluster":"prod","user":"u"}}],"users":[{"name":"u","user":{}}],"current-context":"prod"}';
export const PRETTY_JSON = JSON.stringify(JSON.parse(COMPACT_JSON), undefined, 4);

export const SPECIMENS: readonly string[] = [
  KUBECTL_STYLE, BY_HAND, EMPTY_LISTS, COMPACT_JSON, PRETTY_JSON, '{}', '{}\n', '{ }', '', '\n', '   \n', '# nothing yet\n', '# nothing yet',
  'apiVersion: v1\nkind: Config\n', 'apiVersion: v1\nkind: Config', 'kind: Config\nclusters: [ ]\nusers: []   # none', 'clusters: ~\nusers: null',
  'users:\n- name: a\n  user: {}\nclusters: [{name: a, cluster: {server: "https://a"}}, {name: b, cluster: {server: "https://b"}}]\ncontexts:\n',
];

const lineEnds = fc.constantFrom<(text: string) => string>((text) => text, (text) => text.replaceAll('\n', '\r\n'));
const bom = fc.constantFrom('', '\uFEFF');

/** A list in some style, of foreign entries. */
const list = (key: string, field: string): fc.Arbitrary<string> => {
  const names = fc.uniqueArray(fc.constantFrom('prod', 'stage', 'minikube', 'a b', 'ünï'), { maxLength: 3 });
  return fc.record({ names, style: fc.constantFrom('block', 'indented', 'flow', 'gaps', 'null', 'nothing', 'absent', 'spaced'), comment: fc.boolean() }).map(({ names: all, style, comment }) => {
    const note = comment ? '   # note' : '';
    if (style === 'absent') return '';
    if (style === 'null') return `${key}: null${note}\n`;
    if (style === 'nothing') return `${key}:${note}\n`;
    if (style === 'spaced' || all.length === 0) return `${key}: [  ]${note}\n`;
    const items = all.map((name) => ({ name: JSON.stringify(name), value: `{x-${field}: "1"}` }));
    if (style === 'flow') return `${key}: [${items.map(({ name, value }) => `{name: ${name}, ${field}: ${value}}`).join(',  ')}]${note}\n`;
    const pad = style === 'indented' ? '    ' : '';
    const gap = style === 'gaps' ? '\n# a word\n\n' : '';
    return `${key}:${note}\n${gap}${items.map(({ name, value }) => `${pad}- name: ${name}${note}\n${pad}  ${field}:\n${pad}    ${value.slice(1, -1)}\n`).join(gap)}${gap}`;
  });
};

export const kubeconfigText: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(
    fc.tuple(list('clusters', 'cluster'), list('contexts', 'context'), list('users', 'user'), fc.constantFrom('', 'current-context: prod\n', 'current-context: ""\n', 'current-context:\n', "current-context: 'minikube'  # mine\n"), fc.constantFrom('', 'apiVersion: v1\n'), fc.constantFrom('', 'kind: Config\n'), fc.constantFrom('', '# words\n', 'preferences: {}\n', 'extensions: []\n'))
      .chain((parts) => fc.shuffledSubarray(parts, { minLength: parts.length })),
    fc.boolean(),
  ).map(([parts, isCut]) => (isCut ? parts.join('').replace(/\n+$/, '') : parts.join(''))),
  fc.constantFrom(...SPECIMENS),
).chain((text) => fc.tuple(lineEnds, bom).map(([change, mark]) => mark + change(text)));
