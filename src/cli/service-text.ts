// What commands say of a service when they are done with it.
import type { JsonObject } from '../model/json.ts';
import { formatDuration } from '../render/text.ts';
import type { CommandContext } from './command.ts';
import type { ServiceOutcome } from './swarm-use-cases.ts';

export function serviceText({ stack, status, durationMs }: ServiceOutcome, { paint }: Pick<CommandContext, 'paint'>): string {
  const leaving = status.leaving === 0 ? '' : `; ${status.leaving} of before still ${status.leaving === 1 ? 'stops' : 'stop'}`;
  return `${paint('green', '✔')} ${paint('bold', status.name)} in ${stack}: ${status.message} after ${formatDuration(durationMs)}${leaving}\n`;
}

export function serviceFields({ stack, status, durationMs }: ServiceOutcome): JsonObject {
  const { name, state, running, desired, leaving } = status;
  return { stack, service: name, state, running, desired, leaving, durationMs };
}
