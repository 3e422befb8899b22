// Why a request got no answer, in words.
import { errnoOf } from './file-error.ts';

/** The error at the root: fetch-like clients wrap it, and a host with several addresses has one for each. */
export function rootOf(cause: unknown): unknown {
  if (cause instanceof AggregateError && cause.errors.length > 0) return rootOf(cause.errors[0]);
  if (cause instanceof Error && cause.cause !== undefined && errnoOf(cause) === undefined) return rootOf(cause.cause);
  return cause;
}

const REASONS: { readonly [code: string]: string } = {
  ECONNREFUSED: 'the connection was refused: nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name could not be resolved: the DNS server does not answer',
  ETIMEDOUT: 'no answer came in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection was made in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped before its end',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer stopped before its end',
  ENETUNREACH: 'the network cannot be reached',
  EHOSTUNREACH: 'the host cannot be reached',
};

/** TLS faults that mean: somebody between here and the server answers with a certificate of their own. */
const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED',
]);

export function isUntrusted(cause: unknown): boolean {
  return UNTRUSTED.has(errnoOf(rootOf(cause)) ?? '');
}

export function networkReason(cause: unknown): string {
  const root = rootOf(cause);
  const code = errnoOf(root) ?? '';
  const text = root instanceof Error ? root.message : String(root);
  if (UNTRUSTED.has(code)) return `the certificate is not from an authority that this machine knows (${code})`;
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') return `${text}: is the clock of this machine right?`;
  const isNoHttp = root instanceof Error && root.name === 'HTTPParserError';
  const reason = isNoHttp ? 'what answered does not speak HTTP' : REASONS[code];
  return reason === undefined ? text : `${reason} (${text})`;
}
