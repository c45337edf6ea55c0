import { connect } from 'node:net';

/**
 * Opens connections to a port of this machine and asks for nothing: half of them are silent, half begin a request and never
 * end it. Says when all are made, and holds what the server leaves of them until it is ended.
 */
const [port, count] = process.argv.slice(2).map(Number);

async function open(index) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  if (index % 2 === 0) {
    socket.write('GET /providers HTTP/1.1\r\nHost: localhost\r\n');
  }
}

for (let index = 0; index < count; index += 50) {
  await Promise.all(Array.from({ length: 50 }, (_, i) => open(index + i)));
}
process.stdout.write('opened\n');
setInterval(() => {}, 60_000);
