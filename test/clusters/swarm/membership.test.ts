// Tokens and keys of a swarm: from engine to engine, and into one file of the user; nowhere else, whatever goes wrong.
import { describe, expect, it } from 'vitest';
import type { ProviderContext } from '../../../src/clusters/provider.ts';
import { clusterPlanOf, nodePlans } from '../../../src/clusters/swarm/cluster-plan.ts';
import { formSwarm, type Member } from '../../../src/clusters/swarm/membership.ts';
import { failedError, isDevstackError } from '../../../src/model/error.ts';
import { redact } from '../../../src/model/redact.ts';
import type { Files, Folders, Swarm } from '../../../src/ports.ts';
import { fakePorts, only } from '../../fakes/ports.ts';
import { swarmSpec } from './swarm-spec.ts';

const TOKEN = { worker: 'SWMTKN-1-canaryworkercanaryworkercanaryworkercanaryworker-canary', manager: 'SWMTKN-1-canarymanagercanarymanagercanarymanagercanary-canary' } as const;
const KEY = 'SWMKEY-1-canarykeycanarykeycanarykeycanarykeycanary';

interface World {
  readonly context: ProviderContext;
  readonly members: readonly Member[];
  /** All that was told to anybody. */
  readonly told: string[];
  /** What was written: path, mode, content. */
  readonly written: (readonly [string, number | undefined, string])[];
  /** Tokens by the node that joined with them. */
  readonly joined: { [host: string]: string };
}

const plan = clusterPlanOf(swarmSpec({ nodes: 3, managers: 2, settings: { autolock: 'true' } }), 8080);

function world(join?: (token: string) => Promise<void>): World {
  const [told, written, joined]: [string[], World['written'], World['joined']] = [[], [], {}];
  const files = only<Files>('files', {
    write: async (path, content, options) => { written.push([path, options?.mode, String(content)]); },
    remove: async () => undefined,
  });
  const context: ProviderContext = {
    ports: fakePorts({ files, folders: only<Folders>('folders', { state: '/state' }) }), signal: new AbortController().signal, onProgress: (message) => { told.push(message); },
  };
  const ids: string[] = [];
  const list = (async () => ids.map((ID) => ({ ID, Spec: {}, Status: { State: 'ready' }, Description: { Hostname: ID } }))) as unknown as Swarm['list'];
  const members = nodePlans(plan).map((node): Member => ({
    ...node, address: `10.0.0.${node.index + 2}`,
    swarm: only<Swarm>(node.host, {
      state: async () => ({ local: 'inactive', isManager: false, nodeId: '', error: '' }),
      init: async () => { ids.push(node.host); }, leave: async () => undefined, list,
      unlockKey: async () => KEY, joinToken: async (role) => TOKEN[role],
      async join({ token }) {
        await join?.(token);
        joined[node.host] = token;
        ids.push(node.host);
      },
    }),
  }));
  return { context, members, told, written, joined };
}

describe('a swarm that is formed', () => {
  it('each joins with the token of its role, the key is in one file that only its owner reads, and nobody is told either', async () => {
    const { context, members, told, written, joined } = world();
    await formSwarm(plan, members, context);
    expect(joined).toEqual({ 'manager-2': TOKEN.manager, 'worker-1': TOKEN.worker });
    expect(written).toEqual([[expect.stringMatching(/swarm-unlock-key$/), 0o600, KEY]]);
    expect(told.join('\n')).not.toMatch(/canary/);
  });

  it('an engine that repeats the token in its refusal does not get it into the error that a person sees', async () => {
    const { context, members, told } = world((token) => Promise.reject(failedError({ code: 'swarm-refused', message: 'could not join', reason: `invalid join token ${token}` })));
    const thrown: unknown = await formSwarm(plan, members, context).catch((error: unknown) => error);
    if (!isDevstackError(thrown)) throw thrown;
    const seen = JSON.stringify(redact({ code: thrown.code, message: thrown.message, reason: thrown.reason ?? null, told }));
    expect(seen).toContain('invalid join token');
    expect(seen).not.toMatch(/canary/);
  });
});
