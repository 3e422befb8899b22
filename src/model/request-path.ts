// Paths of requests. Pure.

/** It goes into a request line as it is. */
export function isRequestPath(text: string): boolean {
  return /^\/[\x21-\x7e]*$/.test(text);
}
