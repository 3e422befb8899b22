// All cases.
import type { FaultCase } from './case.ts';
import { diskCases } from './disk-cases.ts';
import { apiCases, engineCases } from './engine-cases.ts';
import { inputCases } from './input-cases.ts';
import { networkCases } from './network-cases.ts';
import { concurrencyCases, deathCases } from './process-cases.ts';

export const cases: readonly FaultCase[] = [...deathCases, ...diskCases, ...concurrencyCases, ...networkCases, ...engineCases, ...apiCases, ...inputCases];
