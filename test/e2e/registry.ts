import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts a registry without any image. It answers every pull as a registry answers for a missing tag. */
export async function startEmptyRegistry(): Promise<{ readonly name: string; readonly close: () => Promise<void> }> {
  const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }];
  const server = createServer((request, response) => {
    const isQuestionForVersion = request.url === '/v2/';
    response.writeHead(isQuestionForVersion ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isQuestionForVersion ? '{}' : JSON.stringify({ errors }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { name: `localhost:${(server.address() as AddressInfo).port}`, close: async () => void server.close() };
}
