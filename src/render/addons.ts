// Addons as a table, and the images of a stack.
import type { CardView } from './card.ts';
import { table } from './table.ts';

export interface AddonRow {
  readonly id: string;
  readonly version: string;
  readonly summary: string;
  readonly ingress: string | undefined;
  readonly footprint: { readonly cpuMilli: number; readonly memoryMi: number };
  readonly perNode: { readonly cpuMilli: number; readonly memoryMi: number } | undefined;
  readonly state: 'available' | 'installed' | 'incomplete';
}

const MARK = { installed: ['green', '✔'], incomplete: ['yellow', '…'], available: ['dim', ' '] } as const;

function costOf({ footprint, perNode }: AddonRow): string {
  const size = (part: AddonRow['footprint']) => `${part.cpuMilli}m ${part.memoryMi}Mi`;
  if (perNode === undefined) return size(footprint);
  return footprint.cpuMilli + footprint.memoryMi === 0 ? `${size(perNode)} a node` : `${size(footprint)} + ${size(perNode)} a node`;
}

export interface AddonsView {
  readonly stack: string | undefined;
  readonly addons: readonly AddonRow[];
  /** Names that are known and not installed. */
  readonly others: readonly string[];
}

export function addonsText({ stack, addons, others }: AddonsView, { columns, paint }: CardView): string {
  const rows = addons.map((addon) => {
    const [style, sign] = MARK[addon.state];
    return [paint(style, sign), addon.id, addon.version, costOf(addon), addon.ingress === undefined ? addon.summary : `${addon.summary} (--ingress ${addon.ingress})`];
  });
  return [
    stack === undefined ? 'Addons; requests of CPU and memory' : `Addons, and what stack ${paint('bold', stack)} has; requests of CPU and memory`, '',
    ...table(rows, { columns, indent: 1, paint, styles: [undefined, 'bold', 'cyan', 'dim', undefined] }), '',
    `Known, and not installed by devstack: ${others.join(', ')}. Why: devstack addon add <name>`,
  ].map((line) => `${line}\n`).join('');
}

export function imagesText(images: readonly { readonly image: string; readonly parts: readonly string[] }[], { columns, paint, isTable }: CardView & { readonly isTable: boolean }): string {
  // One name a line is what pipes want: `devstack addon images knative | xargs -n1 docker pull`.
  if (!isTable) return images.map(({ image }) => `${image}\n`).join('');
  return table(images.map(({ image, parts }) => [image, parts.join(', ')]), { columns, paint, styles: [undefined, 'dim'] }).map((line) => `${line}\n`).join('');
}
