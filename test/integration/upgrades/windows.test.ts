import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { auditEvents } from '../../control-plane/audit.ts';
import { auditLog, cleanUp, installation, prepare, provider, release } from '../support/cluster.ts';
import { apply, eventually, get, waitFor, type DeploymentObject, type KubernetesObject } from '../support/kubectl.ts';
import { startOperator, type RunningOperator } from '../support/operator.ts';
import { now, OPERATOR } from '../support/requests.ts';

const namespace = 'windows';
const MINUTE = 60_000;
/**
 * The least time from the start of a test until its window opens or closes. It must be enough to install, which is
 * measured first, and to publish, on a machine as busy as this one.
 */
const SHORTEST_LEAD_MS = 20_000;
const LEAD_IN_INSTALLS = 5;

type Installation = KubernetesObject & { readonly status: InstallationStatus };

/** The clock cannot be turned here, so each test takes more than a minute. They run at once. */
describe.skipIf(!inject('controlPlane').disposable)('a window', { concurrent: true }, () => {
  let operator: RunningOperator;
  let leadMs: number;
  beforeAll(async () => {
    await prepare(namespace);
    operator = await startOperator();
    const from = performance.now();
    await installAutomatic('trial', {});
    leadMs = Math.max(SHORTEST_LEAD_MS, LEAD_IN_INSTALLS * (performance.now() - from));
  });
  afterAll(() => operator.stop());
  afterAll(() => cleanUp(namespace));

  it('that opens lets an upgrade begin that waited for it, and nothing else has to happen', async () => {
    const opensAt = nextMinute(leadMs);
    const window = { kind: 'allow', schedule: cronAt(opensAt), duration: '1m' };
    await installAutomatic('opening', { windows: [window] });

    const from = await now(auditLog());
    await apply(provider('opening', '1.0.0', '1.1.0'));
    const waiting = await statusWhen('opening', (s) => s.pendingUpgrade !== undefined);
    const decidedAt = Date.now();
    const done = await statusWhen('opening', (s) => s.currentVersion === '1.1.0');

    expect(decidedAt).toBeLessThan(opensAt);
    expect(waiting.pendingUpgrade).toMatchObject({ version: '1.1.0', reason: 'OutsideWindow' });
    expect(waiting).toMatchObject({ currentVersion: '1.0.0', installedVersion: '1.0.0' });
    const turn = epoch(waiting.pendingUpgrade?.notBefore);
    expect(turn).toBeGreaterThanOrEqual(opensAt);
    expect(turn).toBeLessThanOrEqual(opensAt + MINUTE / 4);
    const applies = await deploymentWrites('opening', from);
    expect(applies).toHaveLength(1);
    expect(applies[0]).toBeGreaterThanOrEqual(turn);
    expect(applies[0]).toBeLessThan(opensAt + MINUTE);
    expect(done.pendingUpgrade).toBeUndefined();
  });

  it('that closes lets end what has begun, and the rest of the way waits on a healthy hop', async () => {
    const closesAt = nextMinute(leadMs);
    // The window is open so long that the turn of every installation has come.
    const minutes = 30;
    const opensNext = closesAt - minutes * MINUTE + 24 * 60 * MINUTE;
    const window = { kind: 'allow', schedule: cronAt(opensNext), duration: `${minutes}m` };
    // The new pods of the first hop count only after the window has closed.
    const stableSeconds = Math.ceil((closesAt - Date.now()) / 1000) + 5;
    const upgrade = { level: 'major', windows: [window], rollback: { stableSeconds } };
    await installAutomatic('closing', upgrade);

    const from = await now(auditLog());
    await apply(provider('closing', '1.0.0', release('1.6.0', { required: true }), '2.0.0'));
    const moving = await statusWhen('closing', (s) => s.installedVersion === '1.6.0');
    const rests = await statusWhen('closing', (s) => s.currentVersion === '1.6.0');
    await waitFor('Ready', 'pi/closing', namespace);

    expect(moving).toMatchObject({ currentVersion: '1.0.0', pendingUpgrade: { path: ['1.6.0', '2.0.0'] } });
    expect(epoch(rests.history?.[0]?.startedAt)).toBeLessThan(closesAt);
    expect(epoch(rests.history?.[0]?.completedAt)).toBeGreaterThanOrEqual(closesAt);
    expect(rests.pendingUpgrade).toMatchObject({ version: '2.0.0', reason: 'OutsideWindow', path: ['2.0.0'] });
    expect(epoch(rests.pendingUpgrade?.notBefore)).toBeGreaterThanOrEqual(opensNext);
    expect(epoch(rests.pendingUpgrade?.notBefore)).toBeLessThanOrEqual(opensNext + (minutes * MINUTE) / 4);
    expect(await deploymentWrites('closing', from)).toHaveLength(1);
    expect(await get<DeploymentObject>('deployment', 'closing', namespace)).toMatchObject({
      status: { readyReplicas: 1, updatedReplicas: 1, replicas: 1 },
    });
  });
});

/** Installs the first release, which is the only one so far, under the policy `auto`. */
async function installAutomatic(name: string, upgrade: object): Promise<void> {
  const spec = { provider: `${name}/web`, upgradePolicy: 'auto', resourceTier: 'free', upgrade };
  await apply(provider(name, '1.0.0'), installation(namespace, name, spec));
  await waitFor('Ready', `pi/${name}`, namespace);
}

function statusWhen(name: string, isSo: (status: InstallationStatus) => boolean): Promise<InstallationStatus> {
  return eventually(async () => {
    const { status } = await get<Installation>('pi', name, namespace);
    return isSo(status) && status;
  });
}

/** The times of the operator's writes to the Deployment, in milliseconds since the epoch. */
async function deploymentWrites(name: string, from: number): Promise<number[]> {
  const times: number[] = [];
  for await (const event of auditEvents(auditLog(), from)) {
    const isWrite = event.verb === 'patch' && event.resource === 'deployments' && event.name === name;
    if (isWrite && event.userAgent.startsWith(OPERATOR)) {
      times.push(event.receivedAt);
    }
  }
  return times;
}

/** The first full minute that leaves enough time to prepare. */
function nextMinute(leadMs: number): number {
  return Math.ceil((Date.now() + leadMs) / MINUTE) * MINUTE;
}

/** A cron schedule for every day at this minute, in UTC. */
function cronAt(epoch: number): string {
  const date = new Date(epoch);
  return `${date.getUTCMinutes()} ${date.getUTCHours()} * * *`;
}

function epoch(time: string | undefined): number {
  return Date.parse(time ?? '');
}
