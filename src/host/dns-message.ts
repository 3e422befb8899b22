// DNS on the wire, as far as a resolver of one zone needs it: one question in, at most one address out (RFC 1035). Pure.

export const TYPE_A = 1;
const CLASS_IN = 1;
const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;

/** What is answered: an IPv4 address, nothing of that type, or that the name is none of ours. */
export type DnsAnswer = { readonly address: string } | 'no-data' | 'refused';

export interface DnsQuestion {
  readonly id: number;
  /** Lower case, without the dot at its end. */
  readonly name: string;
  readonly type: number;
  readonly isRecursionDesired: boolean;
  /** The question as it came, to be sent back. */
  readonly bytes: Uint8Array;
}

/** The question of a message; undefined for what is no query with one question of class IN. Never trusts a length. */
export function readQuestion(message: Uint8Array): DnsQuestion | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  if (message.length < HEADER_BYTES) return undefined;
  const flags = view.getUint16(2);
  const isQuery = (flags & 0xf800) === 0;
  if (!isQuery || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63 || at - HEADER_BYTES > MAX_NAME_BYTES) return undefined;
    at += 1;
    if (length === 0) break;
    if (at + length > message.length) return undefined;
    labels.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
  }
  if (at + 4 > message.length || view.getUint16(at + 2) !== CLASS_IN) return undefined;
  return {
    id: view.getUint16(0), name: labels.join('.').toLowerCase(), type: view.getUint16(at), isRecursionDesired: (flags & 0x0100) !== 0,
    bytes: message.slice(HEADER_BYTES, at + 4),
  };
}

const REFUSED = 5;
/** Seconds: short, for the answer ends with the resolver. */
const TTL = 5;

export function writeAnswer(question: DnsQuestion, answer: DnsAnswer): Uint8Array {
  const address = typeof answer === 'object' ? answer.address.split('.').map(Number) : [];
  const record = address.length === 4 ? 16 : 0;
  const message = new Uint8Array(HEADER_BYTES + question.bytes.length + record);
  const view = new DataView(message.buffer);
  view.setUint16(0, question.id);
  // Response, authoritative; recursion desired as it was asked, and not available.
  view.setUint16(2, 0x8400 | (question.isRecursionDesired ? 0x0100 : 0) | (answer === 'refused' ? REFUSED : 0));
  view.setUint16(4, 1);
  view.setUint16(6, record === 0 ? 0 : 1);
  message.set(question.bytes, HEADER_BYTES);
  if (record === 0) return message;
  const at = HEADER_BYTES + question.bytes.length;
  view.setUint16(at, 0xc000 | HEADER_BYTES); // the name: where the question has it
  view.setUint16(at + 2, TYPE_A);
  view.setUint16(at + 4, CLASS_IN);
  view.setUint32(at + 6, TTL);
  view.setUint16(at + 10, 4);
  message.set(address, at + 12);
  return message;
}
