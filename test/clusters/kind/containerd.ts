// containerd in the nodes of a fake engine: a manifest, told by its digest, names the configuration that Docker knows an image by.
import { createHash } from 'node:crypto';
import type { ExecResult } from '../../../src/ports.ts';
import type { FakeEngine } from '../../fakes/docker-engine.ts';

/** Returns the list that grows with every command in a node. */
export function serveContainerd(engine: FakeEngine): readonly string[][] {
  const commands: string[][] = [];
  const nodes = new Map<string, Map<string, string>>();
  const configs = new Map<string, string>();
  engine.onExec = (container, command, stdin) => {
    commands.push([...command]);
    const stock = nodes.get(container.name) ?? new Map<string, string>();
    nodes.set(container.name, stock);
    // `cat > "$0"` in a shell: a file from stdin.
    if (command[0] === 'sh' && command[2]?.includes('cat >') === true) container.files.set(command[3] ?? '', stdin);
    return inTurn(command).reduce<ExecResult>((before, one) => {
      if (before.exitCode !== 0) return before;
      const after = answer(one, stdin, stock, configs);
      return { ...after, stdout: before.stdout + after.stdout };
    }, { exitCode: 0, stdout: '', stderr: '' });
  };
  return commands;
}

/** Commands of one shell, each word in quotes; or the one command. */
function inTurn(command: readonly string[]): readonly (readonly string[])[] {
  const [shell, , script = ''] = command;
  if (shell !== 'sh' || !script.startsWith("'")) return [command];
  return script.split(' && ').map((words) => [...words.matchAll(/'([^']*)'/g)].map(([, word = '']) => word));
}

function answer(command: readonly string[], stdin: string, stock: Map<string, string>, configs: Map<string, string>): ExecResult {
  const say = (stdout = ''): ExecResult => ({ exitCode: 0, stdout, stderr: '' });
  switch (command.slice(2, 4).join(' ')) {
    case 'images list':
      return say(`REF TYPE DIGEST SIZE\n${[...stock].filter(([name]) => command.length === 4 || command.includes(`name=="${name}"`)).map(([name, digest]) => `${name} application/x ${digest} 1 B\n`).join('')}`);
    case 'content get':
      return say(JSON.stringify({ config: { digest: configs.get(command.at(-1) ?? '') } }));
    case 'images tag':
      stock.set(command.at(-1) ?? '', stock.get(command.at(-2) ?? '') ?? '');
      return say();
    case 'images import': {
      const image = JSON.parse(stdin) as { readonly id: string; readonly tags: readonly string[] };
      const digest = `sha256:${createHash('sha256').update(image.id).digest('hex')}`;
      configs.set(digest, image.id);
      for (const tag of image.tags) stock.set(`docker.io/library/${tag}`, digest);
      return say();
    }
    case 'content list':
      return say([...configs.keys()].map((digest) => `${digest}\n`).join(''));
    default:
      if (command[0] === 'echo') return say('\n');
      return say('  snapshotter = "overlayfs"\n  config_path = "/etc/containerd/certs.d"\n');
  }
}
