import { spawn } from 'node:child_process';
import { mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { get as httpGet } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from '../../unit/rest/self-signed.ts';
import { cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, waitFor } from '../support/kubectl.ts';
import { startOperator as start, type RunningOperator } from '../support/operator.ts';
import { addAccount, apiOf, ask, create, inShort } from '../support/rest.ts';

/** The API as it is attacked, renewed and ended. */
const namespace = 'rest-hardening';
let token: string;

beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  await apply(provider('hard', '1.0.0', '1.1.0'));
});
afterAll(() => cleanUp(namespace));

async function startOperator(env: Readonly<Record<string, string>> = {}): Promise<RunningOperator> {
  const operator = await start({ LEADER_ELECTION: 'false', ...env });
  onTestFinished(async () => {
    await operator.stop();
  });
  return operator;
}

async function install(name: string, version = '1.0.0'): Promise<void> {
  await apply(installation(namespace, name, { provider: 'hard/web', version, resourceTier: 'free' }));
  await waitFor('Ready', `pi/${name}`, namespace);
}

describe('the REST API', () => {
  // https://github.com/nodejs/node-v0.x-archive/pull/4383, https://github.com/vectordotdev/vector/pull/26126
  it('answers all others, and its operator goes on, under 10,000 connections that ask for nothing', async () => {
    const operator = await startOperator({ API_RATE_LIMIT: '100000' });
    await install('before');
    const flood = spawn(process.execPath, [
      join(import.meta.dirname, 'half-open.mjs'),
      new URL(apiOf(operator)).port,
      '10000',
    ]);
    onTestFinished(() => void flood.kill('SIGKILL'));
    let said = '';
    flood.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));

    // While they are made, and once they are there.
    const answers: string[] = [];
    const lives: boolean[] = [];
    for (let after = 0; after < 100; after += said.includes('opened') ? 1 : 0) {
      answers.push(inShort(await ask(apiOf(operator), 'GET /providers/installed', { token })));
      lives.push((await fetch(`${operator.url}/livez`)).ok);
    }
    await install('meanwhile');

    expect(new Set(answers)).toEqual(new Set(['200']));
    expect(new Set(lives)).toEqual(new Set([true]));
    const metrics = await (await fetch(`${operator.url}/metrics`)).text();
    expect(Number(/^provider_operator_api_connections (\d+)/m.exec(metrics)?.[1])).toBeLessThanOrEqual(1000);
  });

  it('listens for this machine only, unless it has a certificate or is told that it needs none', async () => {
    const operator = await startOperator();
    const open = await startOperator({ API_PLAIN_HTTP: 'true' });
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
    expect(outside, 'this machine has another address').toBeDefined();
    const at = (of: RunningOperator) => `http://${outside}:${new URL(apiOf(of)).port}`;

    expect(inShort(await ask(at(open), 'GET /providers', { token }))).toBe('200');
    await expect(ask(at(operator), 'GET /providers', { token })).rejects.toThrow('ECONNREFUSED');
  });

  it('is served by replicas that stand by, too', async () => {
    const replicas = [
      await startOperator({ LEADER_ELECTION: 'true' }),
      await startOperator({ LEADER_ELECTION: 'true' }),
    ];
    await create(installation(namespace, 'shared', { provider: 'hard/web', version: '1.0.0', resourceTier: 'free' }));
    await waitFor('Ready', 'pi/shared', namespace);
    const path = '/providers/installed/hard/web';
    const answers = await Promise.all(
      replicas.map((replica, i) =>
        ask(apiOf(replica), `POST ${path}/upgrade?installation=shared`, { token, body: { version: `1.${i}.0` } }),
      ),
    );

    expect(answers.map(inShort)).toEqual(['200', '200']);
    expect(inShort(await ask(apiOf(replicas[1]!), `GET ${path}?installation=shared`, { token }))).toBe('200');
  });

  it('refuses a folder without a certificate at once, and says what belongs there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'provider-operator-tls-'));
    await expect(startOperator({ API_TLS_FOLDER: folder })).rejects.toThrow(
      /Mount a Secret of the type kubernetes.io\/tls at/,
    );
  });

  it('takes a renewed certificate without a restart, and goes on with the streams that are open', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'provider-operator-tls-'));
    mount(folder, selfSigned());
    const operator = await startOperator({ API_TLS_FOLDER: folder });
    const port = Number(/"api":"https:\/\/[^:]+:(\d+)"/.exec(operator.output())?.[1]);
    const first = await servedAt(port);

    const renewed = selfSigned();
    mount(folder, renewed);
    const second = await eventually(async () => {
      const served = await servedAt(port);
      return served !== first && served;
    });

    expect(pem(second)).toBe(renewed.cert.trim());
    await eventually(async () => operator.output().includes('The certificate of the REST API was renewed'));
    expect(operator.output()).not.toContain('PRIVATE KEY');
  });

  // https://github.com/fastify/sse/issues/57, https://github.com/fastify/fastify/issues/7044
  it('ends streams and idle connections with its process, and its clients hear the end from the next one', async () => {
    const operator = await startOperator();
    await apply(hanging('hung'));
    const stream = follow(operator, '/providers/installed/hard/web/watch?installation=hung');
    await eventually(async () => stream.text().includes('event: installation'));

    expect(await operator.stop()).toBe(0);
    await stream.ended;
    expect(stream.text()).not.toContain('event: settled');

    const next = await startOperator();
    await apply(installation(namespace, 'hung', { provider: 'hard/web', version: '1.0.0', resourceTier: 'free' }));
    const again = follow(next, '/providers/installed/hard/web/watch?installation=hung');
    await again.ended;
    expect(again.text()).toContain('event: settled');
  });
});

/** Waits for a ConfigMap that nobody makes. */
function hanging(name: string): object {
  return installation(namespace, name, {
    provider: 'hard/web',
    version: '1.0.0',
    resourceTier: 'free',
    configFrom: [{ name: 'A', configMapKeyRef: { name: 'never', key: 'a' } }],
  });
}

function follow(operator: RunningOperator, path: string) {
  let text = '';
  const ended = new Promise<void>((resolve, reject) => {
    httpGet(`${apiOf(operator)}${path}`, { headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.once('close', resolve);
    }).on('error', reject);
  });
  return { ended, text: () => text };
}

/** As kubelet does it: the files are links into a folder that is replaced at once. */
function mount(folder: string, { cert, key }: ReturnType<typeof selfSigned>): void {
  const version = mkdtempSync(join(folder, 'version-'));
  writeFileSync(join(version, 'tls.crt'), cert);
  writeFileSync(join(version, 'tls.key'), key);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  for (const file of ['tls.crt', 'tls.key']) {
    try {
      symlinkSync(join('..data', file), join(folder, file));
    } catch {
      // It is there since the first time.
    }
  }
}

/** The certificate that a new connection gets, in DER. */
function servedAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate(true).raw.toString('base64'));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function pem(der: string): string {
  return `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END CERTIFICATE-----`;
}
