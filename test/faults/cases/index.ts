// All cases.
import type { FaultCase } from './case.ts';
import { concurrencyCases, deathCases } from './process-cases.ts';

export const cases: readonly FaultCase[] = [...deathCases, ...concurrencyCases];
