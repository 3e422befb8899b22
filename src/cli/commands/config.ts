// devstack config: the settings in effect, and where each value comes from.
import { presetIds } from '../../config/catalog.ts';
import type { EffectiveSetting } from '../../config/resolve.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import type { Json } from '../../model/json.ts';
import { redactText } from '../../model/redact.ts';
import { table } from '../../render/table.ts';
import { defineCommand } from '../command.ts';
import { resolveStack } from '../stack-request.ts';

function valueText(value: Json | undefined): string {
  if (value === undefined) return '-';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((item: Json) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return entries.length === 0 ? 'none' : entries.map(([key, item]) => `${key}=${String(item)}`).join(', ');
  }
  return String(value);
}

function fields(effective: readonly EffectiveSetting[]): Json {
  return Object.fromEntries(effective.map(({ setting, value, origin }) => [setting, { value: value ?? null, origin }]));
}

export const config = defineCommand({
  arguments: [{ name: 'preset', summary: 'what the stack starts from', known: presetIds }],
  flags: stackFlags,
  description: 'Takes the same flags as up, reads the same environment and the same devstack.yaml, checks all of it, and changes nothing.',
  examples: [
    { command: 'devstack config', summary: 'what up would use here' },
    { command: 'devstack config knative --port 80 --json', summary: 'the same for scripts' },
  ],
  async run(input, context) {
    const { effective } = await resolveStack(input, context);
    // Redacted before the columns are measured, so that they line up.
    const rows = effective.map(({ setting, value, origin }) => [setting, redactText(valueText(value)), origin]);
    const lines = table([['SETTING', 'VALUE', 'FROM'], ...rows], { columns: context.columns, paint: context.paint, styles: ['cyan', undefined, 'dim'] });
    return { text: `${lines.join('\n')}\n`, result: { settings: fields(effective) } };
  },
});
