// The requests of the comparison, in the order in which they are sent.
import { custom } from './custom.ts';
import { discovery } from './discovery.ts';
import { objects } from './objects.ts';
import { patches } from './patches.ts';
import type { ApiRequest } from './request.ts';
import { workloads } from './workloads.ts';

/** In stages: the custom resources of the third are served only some time after the second. */
export const STAGES: readonly (readonly ApiRequest[])[] = [
  [...discovery, ...objects, ...workloads, ...patches, ...custom.definitions],
  custom.objects,
];
/** What must answer 200 before the second stage starts. */
export const ESTABLISHED = ['/apis/lab.example.com/v1/gadgets', '/apis/lab.example.com/v1/stars', '/apis/lab.example.com/v1beta1/stars'];
