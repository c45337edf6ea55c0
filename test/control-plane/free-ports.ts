import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Returns free ports of the loopback interface. It holds all of them until it knows all, so that they differ. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
