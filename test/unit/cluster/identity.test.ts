import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { withoutIdentity, type Connection } from '../../../src/cluster/connection.ts';
import { createTransport } from '../../../src/cluster/transport.ts';
import { selfSigned } from '../rest/self-signed.ts';

/** A server that asks for a client certificate, as an API server does, and tells by what it knew who asked. */
async function startServer(): Promise<Connection> {
  const own = selfSigned();
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    const certificate = subject === undefined ? 'none' : 'ours';
    response.end(JSON.stringify({ certificate, token: request.headers.authorization ?? 'none' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const client = selfSigned();
  return {
    server: new URL(`https://localhost:${(server.address() as AddressInfo).port}`),
    tls: async () => ({ ca: own.cert, ...client, rejectUnauthorized: false }),
    authorization: async () => 'Bearer ours',
  };
}

// https://kubernetes.io/docs/reference/access-authn-authz/authentication/: a client certificate counts beside, and mostly before, a token.
it('a caller is never taken for this process, by neither its certificate nor its token', async () => {
  const connection = await startServer();
  async function seen(of: Connection, authorization?: string): Promise<unknown> {
    const transport = createTransport({ connection: of, userAgent: 'test' });
    onTestFinished(() => transport.close());
    return transport.request({
      method: 'GET',
      path: '/',
      doing: 'Ask',
      resource: 'any',
      ...(authorization !== undefined && { authorization }),
    });
  }

  expect(await seen(connection)).toEqual({ certificate: 'ours', token: 'Bearer ours' });
  expect(await seen(withoutIdentity(connection), 'Bearer theirs')).toEqual({
    certificate: 'none',
    token: 'Bearer theirs',
  });
  expect(await seen(withoutIdentity(connection))).toEqual({ certificate: 'none', token: 'none' });
});
