import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../support/fake-clock.ts';
import { findConnection } from '../../../src/cluster/connection.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connection-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function kubeconfig(name: string, user: object, { cluster = {}, context = name } = {}) {
  const file = join(folder, name);
  const content = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': context,
    clusters: [{ name, cluster: { server: `https://${name}.example:6443`, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  await writeFile(file, JSON.stringify(content));
  return file;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('in a pod', () => {
  const inCluster = { host: '10.0.0.1', port: '443' };

  beforeEach(async () => {
    await writeFile(join(folder, 'ca.crt'), 'the CA');
    await writeFile(join(folder, 'token'), 'first\n');
  });

  it('is what the service account says', async () => {
    const connection = await findConnection({ inCluster, serviceAccountFolder: folder, homeKubeconfig: '/nowhere' });

    expect(connection.server.href).toBe('https://10.0.0.1/');
    expect(await connection.tls()).toEqual({ ca: Buffer.from('the CA') });
    expect(await connection.authorization()).toBe('Bearer first');
  });

  it('takes a new token and a new authority within a minute', async () => {
    const clock = new FakeClock();
    const connection = await findConnection({ inCluster, serviceAccountFolder: folder }, clock);
    await writeFile(join(folder, 'token'), 'second');
    await writeFile(join(folder, 'ca.crt'), 'both CAs');

    clock.tick(59_999);
    expect(await connection.authorization()).toBe('Bearer first');
    clock.tick(1);

    expect(await connection.authorization()).toBe('Bearer second');
    expect(await connection.tls()).toEqual({ ca: Buffer.from('both CAs') });
  });

  it('finds an IPv6 address', async () => {
    const where = { inCluster: { host: 'fd00::1', port: '6443' }, serviceAccountFolder: folder };

    expect((await findConnection(where)).server.href).toBe('https://[fd00::1]:6443/');
  });

  it('fails at the start when there is no token', async () => {
    await rm(join(folder, 'token'));

    await expect(findConnection({ inCluster, serviceAccountFolder: folder })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('by kubeconfig', () => {
  it('is its current context, with a token', async () => {
    const file = await kubeconfig(
      'dev',
      { token: 'secret' },
      { cluster: { 'certificate-authority-data': base64('CA') } },
    );

    const connection = await findConnection({ kubeconfig: [file], inCluster: { host: '10.0.0.1', port: '443' } });

    expect(connection.server.href).toBe('https://dev.example:6443/');
    expect(await connection.tls()).toEqual({ ca: Buffer.from('CA') });
    expect(await connection.authorization()).toBe('Bearer secret');
  });

  it('is known by a client certificate, from data or from files beside it', async () => {
    await writeFile(join(folder, 'key.pem'), 'the key');
    const file = await kubeconfig(
      'dev',
      { 'client-certificate-data': base64('the certificate'), 'client-key': 'key.pem' },
      { cluster: { 'insecure-skip-tls-verify': true, 'tls-server-name': 'kubernetes' } },
    );

    const connection = await findConnection({ kubeconfig: [file] });

    expect(await connection.tls()).toEqual({
      cert: Buffer.from('the certificate'),
      key: Buffer.from('the key'),
      rejectUnauthorized: false,
      servername: 'kubernetes',
    });
    expect(await connection.authorization()).toBeUndefined();
  });

  it('asks an exec plugin who we are', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'minted' },
    };
    const exec = { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(credential)] };
    const file = await kubeconfig('dev', { exec });

    expect(await (await findConnection({ kubeconfig: [file] })).authorization()).toBe('Bearer minted');
  });

  it('merges several files as kubectl does: the first counts, and one that is missing does not', async () => {
    const first = await kubeconfig('dev', { token: 'from first' });
    const other = await kubeconfig('prod', { token: 'prod' });

    const connection = await findConnection({ kubeconfig: [join(folder, 'missing'), first, other, first] });

    expect(connection.server.hostname).toBe('dev.example');
    expect(await connection.authorization()).toBe('Bearer from first');
  });

  it('is that of the home folder when nothing else is given', async () => {
    const file = await kubeconfig('home', { token: 'mine' });

    expect((await findConnection({ homeKubeconfig: file })).server.hostname).toBe('home.example');
  });
});

describe('nowhere', () => {
  it.each`
    where                               | message
    ${{}}                               | ${'Cannot find an API server: no kubeconfig file and no pod. Set KUBECONFIG to a kubeconfig file, or run in a pod'}
    ${{ kubeconfig: ['/no/such'] }}     | ${'Cannot find an API server: /no/such does not exist. Set KUBECONFIG to a kubeconfig file, or run in a pod'}
    ${{ homeKubeconfig: '/home/none' }} | ${'Cannot find an API server: /home/none does not exist. Set KUBECONFIG to a kubeconfig file, or run in a pod'}
  `('says what to do about $where', async ({ where, message }) => {
    await expect(findConnection(where)).rejects.toThrow(message);
  });

  it('says which file has no current context', async () => {
    const file = await kubeconfig('dev', {}, { context: 'gone' });

    await expect(findConnection({ kubeconfig: [file] })).rejects.toThrow(
      `no cluster in the current context of ${file}`,
    );
  });
});
