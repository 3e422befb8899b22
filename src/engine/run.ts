// State of one run of a plan: the open connection and what the run has to tell at its end.
import type { ClusterProvider, ProviderContext } from '../clusters/provider.ts';
import type { Access } from '../model/access.ts';
import { failedError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { ObjectRef } from '../model/object.ts';
import type { Endpoint, StepId } from '../model/plan.ts';
import type { KubeClient, OnProgress, Ports, RemoveReport } from '../ports.ts';

export interface JournalEntry {
  readonly step: StepId;
  readonly state: 'intent' | 'done' | 'failed';
}

export interface RunInput {
  readonly stack: string;
  readonly ports: Ports;
  readonly provider: ClusterProvider;
  readonly emit: Emit;
  /** Set when the cluster is already reached; else the step `cluster` finds the way. */
  readonly access?: Access;
  /** Take back fields that somebody else changed. */
  readonly overwrite: boolean;
  /** Intent before each effect, its end after. */
  record(entry: JournalEntry): Promise<void>;
}

/** A field of ours that somebody else changed, and that was left as it is. */
export interface KeptField {
  readonly ref: ObjectRef;
  readonly manager: string;
  readonly fields: readonly string[];
}

export interface VerifiedEndpoint extends Endpoint {
  readonly status: number;
  readonly durationMs: number;
}

/** Collected while the steps run. Handlers add; the command reads at the end. */
export class Run {
  readonly input: RunInput;
  readonly keptFields: KeptField[] = [];
  readonly verified: VerifiedEndpoint[] = [];
  readonly removed: string[] = [];
  /** Each step that was begun, true when it ended well. */
  readonly steps = new Map<StepId, Promise<boolean>>();
  readonly keptObjects: RemoveReport['kept'][number][] = [];
  #access: Access | undefined;
  #client: Promise<KubeClient> | undefined;

  constructor(input: RunInput) {
    this.input = input;
    this.#access = input.access;
  }

  get access(): Access | undefined {
    return this.#access;
  }

  set access(access: Access | undefined) {
    this.#access = access;
  }

  /** The one connection of the run, opened on first use. */
  client(): Promise<KubeClient> {
    const access = this.#access;
    if (access?.runtime !== 'kubernetes') {
      throw failedError({ code: 'no-cluster', message: `stack ${this.input.stack} has no Kubernetes to talk to` });
    }
    this.#client ??= this.input.ports.kubeConnector.connect(access);
    return this.#client;
  }

  /** Ends when these steps have ended; true when all ended well. */
  async until(steps: readonly StepId[]): Promise<boolean> {
    return (await Promise.all(steps.map((id) => this.steps.get(id) ?? false))).every(Boolean);
  }

  async close(): Promise<void> {
    (await this.#client?.catch(() => undefined))?.close();
  }
}

/** What a handler gets besides its step. */
export interface StepContext {
  readonly run: Run;
  readonly ports: Ports;
  /** Aborts when the run ends, the step's time is up or the user stops it. */
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export function providerContext(context: StepContext): ProviderContext {
  return { ports: context.ports, signal: context.signal, onProgress: context.onProgress };
}
