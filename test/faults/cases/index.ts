// All cases.
import type { FaultCase } from './case.ts';
import { diskCases } from './disk-cases.ts';
import { apiCases, engineCases } from './engine-cases.ts';
import { inputCases } from './input-cases.ts';
import { machineCases } from './machine-cases.ts';
import { networkCases } from './network-cases.ts';
import { concurrencyCases, deathCases } from './process-cases.ts';
import { waitCases } from './wait-cases.ts';

export const cases: readonly FaultCase[] = [...deathCases, ...diskCases, ...concurrencyCases, ...networkCases, ...engineCases, ...machineCases, ...apiCases, ...waitCases, ...inputCases];

/** How many numbers the catalogue has. */
export const CATALOGUE = 118;

/** Numbers without a case, and why. */
export const withoutCase: readonly (readonly [number, string])[] = [
  [26, 'it takes an NFS; the lock asks for no flock, and link(2) is what holds there'],
  [69, 'no signature is looked at when devstack runs: every byte is held to a sha256 that it carries'],
  [113, 'the manifests of addons are pinned; what a person applies is not judged'],
];
