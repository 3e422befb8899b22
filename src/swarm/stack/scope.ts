// What the parts of a stack file need to know about the whole of it.
import type { Labels } from '../../model/swarm.ts';

/** A volume of the file, by the name that it has in the swarm. */
export interface DeclaredVolume {
  readonly name: string;
  readonly isExternal: boolean;
  readonly labels: Labels;
  readonly driver: { readonly DriverConfig?: { readonly Name?: string; readonly Options?: Labels } };
}

/** A network, secret or config of the file. */
export interface DeclaredName {
  readonly name: string;
  readonly isExternal: boolean;
}

export interface StackScope {
  /** Name of the deployed stack: prefix of its services, and Docker's namespace label. */
  readonly namespace: string;
  /** Name of the devstack stack that it runs in. */
  readonly owner: string;
  /** Absolute folder of the file, with `/`. */
  readonly directory: string;
  readonly home: string;
  /** False when the nodes are containers: no folder of this machine is in them. */
  readonly nodesSeeHost: boolean;
  readonly env: { readonly [name: string]: string | undefined };
  /** Labels of everything that the stack makes. */
  readonly labels: Labels;
  readonly networks: ReadonlyMap<string, DeclaredName>;
  readonly volumes: ReadonlyMap<string, DeclaredVolume>;
  readonly secrets: ReadonlyMap<string, DeclaredName>;
  readonly configs: ReadonlyMap<string, DeclaredName>;
  /** Texts of env files by the path as written. */
  readonly envFiles: ReadonlyMap<string, string>;
  /** Images of services that are built from source, by service. */
  readonly images: { readonly [service: string]: string };
}
