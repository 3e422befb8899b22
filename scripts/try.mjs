// npm run try: from a fresh clone to an address that answers. More flags go behind --: npm run try -- --port 8081
import { runNode, setUp } from './setup.mjs';

await setUp();
process.exitCode = await runNode(['bin/devstack.js', 'up', 'knative', ...process.argv.slice(2)]);
