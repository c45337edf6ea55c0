import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, kubectl, waitFor } from '../support/kubectl.ts';
import { launchOperator, startOperator, type OperatorProcess, type RunningOperator } from '../support/operator.ts';
import { addAccount, apiOf, ask, create, followWrites, inShort, type Writes } from '../support/rest.ts';

/** Who follows an installation until it is settled, at a process that only serves the API while another reconciles. */
const namespace = 'rest-watch';
const SPEC = { provider: 'acme/web', version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free' };
/** Its pods never become ready, so that it is never settled. */
const STUCK = { ...SPEC, provider: 'stuck/web' };
const SETTLED = ['calm', 'moving'];
const UNSETTLED = ['stuck', 'gone', 'slow'];
let operator: RunningOperator;
let api: OperatorProcess;
let token: string;
let written: Writes;
/** Open since the beginning: one that nobody ends, and one whose caller has lost its token since. */
let patient: Stream;
let leaver: Stream;

beforeAll(async () => {
  await prepare(namespace);
  token = await addAccount(namespace, 'portal');
  const gone = await addAccount(namespace, 'leaver');
  operator = await startOperator();
  api = await launchOperator({ API_ONLY: 'true' });
  written = await followWrites(({ userAgent }) => userAgent.includes(api.instance));
  await apply(
    provider('acme', '1.0.0', '1.1.0', '1.2.0'),
    provider('stuck', release('1.0.0', { image: 'registry.example.com/acme/never-ready:1.0.0' }), '1.1.0'),
  );
  await create(
    ...SETTLED.map((name) => installation(namespace, name, SPEC)),
    ...UNSETTLED.map((name) => installation(namespace, name, STUCK)),
  );
  await Promise.all(SETTLED.map((name) => waitFor('Ready', `pi/${name}`, namespace)));
  [patient, leaver] = await Promise.all([follow('stuck'), follow('stuck', { by: gone })]);
  await kubectl(['delete', 'serviceaccount', 'leaver', '-n', namespace]);
});
afterAll(() => operator.stop());
afterAll(async () => {
  api.signal('SIGTERM');
  await api.ended;
});
afterAll(() => cleanUp(namespace));

interface Stream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: () => string;
  /** The events that came, by their names. */
  readonly names: () => readonly string[];
  readonly last: () => { readonly installed_version?: string; readonly current_version?: string | null };
  readonly ended: Promise<void>;
  readonly source: IncomingMessage;
}

/** Opens a stream that is read from the beginning, unless it is to be read slowly. */
function follow(name: string, { by = token, at = api, isSlow = false } = {}): Promise<Stream> {
  const provided = UNSETTLED.includes(name) ? 'stuck' : 'acme';
  const url = `${apiOf(at)}/providers/installed/${provided}/web/watch?installation=${name}`;
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent: false, headers: { authorization: `Bearer ${by}` } }, (source) => {
      let text = '';
      source.on('error', () => {});
      if (!isSlow) {
        source.on('data', (chunk: Buffer) => (text += chunk.toString()));
      }
      const events = () => text.split('\n\n').filter((event) => event.startsWith('event: '));
      resolve({
        status: source.statusCode ?? 0,
        headers: source.headers,
        text: () => text,
        names: () => events().map((event) => /^event: (.*)$/m.exec(event)?.[1] ?? ''),
        last: () => JSON.parse(/^data: (.*)$/m.exec(events().at(-1) ?? '')?.[1] ?? '{}') as object,
        ended: new Promise((end) => source.on('close', end)),
        source,
      });
    });
    asking.on('error', reject);
    asking.end();
  });
}

function asked(line: string, given: Parameters<typeof ask>[2] = {}) {
  return ask(apiOf(api), line, { token, ...given });
}

describe('a watch', () => {
  it('of what is settled says so at once, in a form that no proxy holds back', async () => {
    const stream = await follow('calm');
    await stream.ended;

    expect(stream.names()).toEqual(['settled']);
    expect(stream.last()).toMatchObject({ installed_version: '1.0.0', current_version: '1.0.0' });
    // argoproj/argo-workflows#9286: nothing was seen behind a proxy that collects first
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': expect.stringContaining('no-store'),
      'x-accel-buffering': 'no',
    });
    expect(stream.text()).toMatch(/^retry: \d+\n\n/);
  });

  it('begun right after an upgrade ends when its pods run, and not before', async () => {
    const upgrade = 'POST /providers/installed/acme/web/upgrade?installation=moving';
    expect(inShort(await asked(upgrade, { body: {} }))).toBe('200');

    const stream = await follow('moving');
    await stream.ended;

    expect(stream.names().at(-1)).toBe('settled');
    expect(stream.names().slice(0, -1)).toEqual(
      stream
        .names()
        .slice(0, -1)
        .map(() => 'installation'),
    );
    expect(stream.last()).toMatchObject({ installed_version: '1.2.0', current_version: '1.2.0' });
  });

  it('of what is deleted says so', async () => {
    const stream = await follow('gone');
    expect(inShort(await asked('DELETE /providers/installed/stuck/web?installation=gone'))).toBe('204');
    await stream.ended;

    expect(stream.names().at(-1)).toBe('deleted');
  });

  // anomalyco/opencode#31923, OpenCTI-Platform/opencti#13908: what a reader did not take piled up until the process ended
  it('that nobody reads costs nobody anything, and hears the end when it is read again', async () => {
    const slow = await follow('slow', { isSlow: true });
    const quick = await follow('slow');
    const long = (i: number) => String(i).padEnd(8000, 'x');
    const config = (i: number) => ({
      spec: { config: { A: long(i), B: long(i), C: long(i), D: long(i), E: long(i), F: long(i), G: long(i) } },
    });
    const change = (i: number) =>
      kubectl(['patch', 'pi', 'slow', '-n', namespace, '--type=merge', '-p', JSON.stringify(config(i))]);
    await Promise.all(Array.from({ length: 29 }, (_, i) => change(i)));
    await change(29);
    await eventually(async () => quick.text().includes(`"A":"29xxx`));
    expect(inShort(await asked('GET /providers/installed/stuck/web?installation=slow'))).toBe('200');
    await kubectl(['delete', 'pi', 'slow', '-n', namespace]);
    await quick.ended;

    let read = '';
    slow.source.on('data', (chunk: Buffer) => (read += chunk.toString()));
    await slow.ended;

    expect(quick.names().at(-1)).toBe('deleted');
    expect(read).toMatch(/event: deleted\ndata: \{\}\n\n$/);
  });

  it('is one of 20 that a caller may have; one that ends makes room', async () => {
    const open = await Promise.all(Array.from({ length: 19 }, () => follow('stuck')));
    onTestFinished(() => open.forEach(({ source }) => source.destroy()));
    expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));

    const refused = await asked('GET /providers/installed/stuck/web/watch?installation=stuck');
    expect(inShort(refused)).toBe('429 TooManyWatches');
    expect(refused.headers['retry-after']).toBe('10');
    expect(inShort(await asked('GET /providers/installed'))).toBe('200');

    // dust-tt/dust#24357, HarperFast/harper#1399: nobody noticed who had left until there was something to tell
    open.pop()?.source.destroy();
    const again = await eventually(async () => {
      const stream = await follow('stuck');
      return stream.status === 200 && stream;
    });
    again.source.destroy();
  });

  // golang/vulndb#2019 and #3006: a stream outlived the token, and after that was mended, the right
  it('goes on while nothing happens, and ends for whom the cluster no longer knows', async () => {
    await eventually(async () => patient.text().includes(': still here'));
    await leaver.ended;

    expect(leaver.names().at(-1)).toBe('refused');
    expect(patient.names()).not.toContain('refused');
    expect(inShort(await asked('GET /providers/installed'))).toBe('200');
  });
});

describe('API_ONLY', () => {
  it('writes nothing of its own: all that was written was written by callers', async () => {
    const writes = await written.list();

    expect([...new Set(writes.map(({ user }) => user))]).toEqual([`system:serviceaccount:${namespace}:portal`]);
    expect(writes.filter(({ code }) => code < 300).map(({ verb }) => verb)).toEqual(['patch', 'delete']);
  });

  // fastify/sse#57: an open stream kept the process from ending
  it('ends with its streams open; who comes back hears the end from the next process', async () => {
    const before = await follow('stuck');
    api.signal('SIGTERM');
    await before.ended;
    expect(await api.ended).toBe(0);
    expect(before.names()).not.toContain('settled');

    api = await launchOperator({ API_ONLY: 'true' });
    const after = await follow('stuck');
    await kubectl(['patch', 'pi', 'stuck', '-n', namespace, '--type=merge', '-p', '{"spec":{"version":"1.1.0"}}']);
    await after.ended;
    expect(after.names().at(-1)).toBe('settled');
    expect(after.last()).toMatchObject({ installed_version: '1.1.0', current_version: '1.1.0' });
  });
});
