// The table of samples. A new one is a folder beside this file and a line here.
import { autoscale } from './autoscale/index.ts';
import { hello } from './hello/index.ts';
import { httpbin } from './httpbin/index.ts';
import type { Sample } from './sample.ts';

export const samples: readonly Sample[] = [hello, httpbin, autoscale];

export function findSample(id: string): Sample | undefined {
  return samples.find((sample) => sample.id === id);
}
