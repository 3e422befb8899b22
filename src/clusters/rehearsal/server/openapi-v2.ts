// OpenAPI v2, as kubectl falls back to it for kinds that are younger than its own start: in protobuf, and only what it looks for,
// one operation that says that the server validates fields. It then trusts the server with everything else.

type Part = Buffer;

function varint(value: number): Part {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

/** A field that holds a text or other fields. */
function field(number: number, ...content: readonly (string | Part)[]): Part {
  const body = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([varint((number << 3) | 2), varint(body.length), body]);
}

/** A query parameter of type string. */
function parameter(name: string): Part {
  const query = field(3, field(2, 'query'), field(4, name), field(6, 'string'));
  return field(8, field(1, field(2, query)));
}

const GVK = "group: ''\nversion: v1\nkind: Namespace\n";

/** gnostic's openapi_v2.Document. */
export const OPENAPI_V2: Buffer = Buffer.concat([
  field(1, '2.0'), field(2, field(1, 'Kubernetes'), field(2, 'rehearsal')),
  field(8, field(2, field(1, '/api/v1/namespaces/{name}'), field(2, field(8,
    parameter('dryRun'), parameter('fieldManager'), parameter('fieldValidation'),
    field(13, field(1, 'x-kubernetes-group-version-kind'), field(2, field(2, GVK))),
  )))),
]);

export const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
