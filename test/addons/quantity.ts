// Quantities as the manifests of the addons write them.

/** Millicores of `100m` or `2`. */
export function parseCpu(text: string | undefined): number {
  if (text === undefined) return 0;
  const match = /^(\d+)(m?)$/.exec(text);
  if (match === null) throw new Error(`no quantity of CPU: ${text}`);
  return Number(match[1]) * (match[2] === 'm' ? 1 : 1000);
}

/** MiB of `64Mi` or `1Gi`. */
export function parseMemory(text: string | undefined): number {
  if (text === undefined) return 0;
  const match = /^(\d+)([MG]i)$/.exec(text);
  if (match === null) throw new Error(`no quantity of memory: ${text}`);
  return Number(match[1]) * (match[2] === 'Gi' ? 1024 : 1);
}
