// devstack doctor: is this machine fit for a stack? Each finding with its cause and one command.
import type { Finding } from '../../clusters/provider.ts';
import { defaults } from '../../config/defaults.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import { type DevstackError, preconditionError } from '../../model/error.ts';
import { doctorText } from '../../render/doctor.ts';
import { defineCommand } from '../command.ts';
import { resolveStack } from '../stack-request.ts';

function doctorError(findings: readonly Finding[]): DevstackError | undefined {
  const failed = findings.filter((finding) => finding.state === 'failed');
  const [first, ...others] = failed;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return preconditionError({
    code: 'machine-not-ready', message: `${first.title}: ${first.message}${more}`,
    hints: failed.flatMap(({ fix }) => (fix === undefined ? [] : [{ text: fix.text, ...(fix.command === undefined ? {} : { command: fix.command }) }])),
  });
}

export const doctor = defineCommand({
  arguments: [],
  flags: {
    fix: { kind: 'boolean', summary: 'repair what can be repaired without asking for rights' },
    port: stackFlags.port, provider: stackFlags.provider, mirror: stackFlags.mirror, proxy: stackFlags.proxy, 'ca-file': stackFlags['ca-file'], config: stackFlags.config,
  },
  description: 'Looks at the engine, tools, ports, memory, kernel limits, DNS, proxy and clock. Exit code 0 when a stack can be made, 3 when something is missing.',
  examples: [
    { command: 'devstack doctor', summary: 'every check, with a command for each finding' },
    { command: 'devstack doctor --fix', summary: 'repair what can be repaired' },
    { command: 'devstack doctor --port 80', summary: 'for another port than 8080' },
  ],
  async run(input, context) {
    const { spec, network } = await resolveStack({ ...input, args: [defaults.preset.value] }, context);
    const useCases = await context.useCases(network);
    const findings = await useCases.doctor({
      emit: context.emit, signal: context.io.signal, fix: input.flags.fix === true, spec,
    });
    const error = doctorError(findings);
    return { text: doctorText(findings, context), result: { findings: JSON.parse(JSON.stringify(findings)) }, ...(error === undefined ? {} : { error, isErrorInText: true }) };
  },
});
