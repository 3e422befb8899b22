// npm run try: from a fresh clone to an address that answers. More flags go behind --: npm run try -- --port 8081
// Where no container engine answers it rehearses, and says so.
import { runNode, setUp } from './setup.mjs';

await setUp();
process.exitCode = await runNode(['bin/devstack.js', 'up', 'knative', '--or-rehearse', ...process.argv.slice(2)]);
