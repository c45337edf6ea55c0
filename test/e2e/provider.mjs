// The program of the test's providers: it prints its environment, serves HTTP, and fails in the way that its release says.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { VERSION, BEHAVIOUR, GREETING, HOSTNAME } = process.env;

const behaviours = {
  exits() {
    process.stderr.write('Cannot go on\n');
    process.exitCode = 3;
  },
  'never-ready'() {
    setInterval(() => undefined, 60_000);
    process.on('SIGTERM', () => process.exit());
  },
  'eats-memory'() {
    const eaten = [];
    for (;;) {
      eaten.push(Buffer.alloc(16 * 1024 * 1024, 1));
    }
  },
  serves() {
    const server = createServer(({ url }, response) => {
      const answer = { version: VERSION, pod: HOSTNAME, greeting: GREETING, ...(url === '/software' && softwareOf()) };
      response.setHeader('connection', 'close');
      response.end(JSON.stringify(answer));
    });
    server.listen(8080);
    process.on('SIGTERM', () => server.close());
  },
};

function softwareOf() {
  return { software: readFileSync('/opt/php/VERSION', 'utf8').trim() };
}

process.stdout.write(`${JSON.stringify(process.env)}\n`);
behaviours[BEHAVIOUR ?? 'serves']();
