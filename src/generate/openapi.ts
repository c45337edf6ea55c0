import { writeFileSync } from 'node:fs';
import { createSilentServer } from './silent-server.ts';

/** Writes docs/openapi.json, which the server serves, too: for who makes a client of it, and for reviews of what changes. */
const server = await createSilentServer();
writeFileSync(
  new URL('../../docs/openapi.json', import.meta.url),
  `${JSON.stringify(server.app.swagger(), null, 2)}\n`,
);
await server.close();
console.log('Wrote docs/openapi.json');
