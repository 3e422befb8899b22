// In which form a client wants objects: whole, only their metadata, or as the rows that kubectl prints.
import { StatusError } from './status.ts';

export type Form = 'object' | 'metadata' | 'metadata-list' | 'table';

const FORMS: { readonly [as: string]: Form } = { Table: 'table', PartialObjectMetadata: 'metadata', PartialObjectMetadataList: 'metadata-list' };

/** The first form of the Accept header that this server has. Throws 406 when there is none. */
export function formOf(accept: string | undefined): Form {
  const wanted = accept === undefined || accept === '' ? '*/*' : accept;
  for (const part of wanted.split(',')) {
    const [type = '', ...parameters] = part.trim().split(';').map((item) => item.trim());
    if (!['application/json', '*/*', 'application/*', 'text/plain', 'text/*'].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'object';
    const form = FORMS[as];
    if (form !== undefined && parameters.includes('g=meta.k8s.io')) return form;
  }
  throw new StatusError(406, 'NotAcceptable', '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf', {});
}
