import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTransport, type Transport } from '../../src/cluster/transport.ts';
import { findConnection } from '../../src/cluster/connection.ts';
import { readAudit, type AuditEvent } from '../control-plane/audit.ts';
import { matching } from '../faults/api-request.ts';
import { startFaultProxy } from '../faults/proxy.ts';
import { auditLog, cleanUp, installation, prepare, provider } from './support/cluster.ts';
import { apply, eventually, kubectl } from './support/kubectl.ts';
import { launchOperator, type OperatorProcess } from './support/operator.ts';

const namespace = 'election';
const names = ['a', 'b', 'c', 'd', 'e'];
const { disposable } = inject('controlPlane');

let admin: Transport;
const launched = new Set<OperatorProcess>();

async function launch(env: Readonly<Record<string, string>> = {}): Promise<OperatorProcess> {
  const operator = await launchOperator({ LOG_LEVEL: 'info', ...env });
  launched.add(operator);
  return operator;
}

async function isLeading({ url }: OperatorProcess): Promise<boolean> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return /^leader_election_master_status\{name="provider-operator"\} 1$/m.test(metrics);
}

/** Edits an installation at once, as a tenant would, and returns what was written. */
async function edit(name: string): Promise<string> {
  const value = String(performance.now());
  await admin.request({
    method: 'PATCH',
    path: `/apis/provider-operator.io/v1alpha1/namespaces/${namespace}/providerinstallations/${name}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { config: { EDIT: value } } },
    doing: 'Edit',
    resource: 'providerinstallations',
  });
  return value;
}

interface Deployment {
  readonly spec: { template: { spec: { containers: { env?: { name: string; value?: string }[] }[] } } };
}

async function isActedOn(name: string, value: string): Promise<boolean> {
  const { spec } = await admin.request<Deployment>({
    method: 'GET',
    path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    doing: 'Look',
    resource: 'deployments',
  });
  return spec.template.spec.containers[0]!.env!.some((e) => e.name === 'EDIT' && e.value === value);
}

/** Milliseconds from `since` until an edit that is made now is acted on. */
async function timeToAct(since: number): Promise<number> {
  const value = await edit('probe');
  await eventually(() => isActedOn('probe', value), 40_000);
  return performance.now() - since;
}

let editing = { abort: new AbortController(), ended: Promise.resolve() };

/** Edits one installation after the other until `stopEditing`, so that whoever leads has something to write. */
function keepEditing(): void {
  const abort = new AbortController();
  async function run(): Promise<void> {
    for (let i = 0; !abort.signal.aborted; i += 1) {
      await edit(names[i % names.length]!);
      await pause(20);
    }
  }
  editing = { abort, ended: run() };
}

async function stopEditing(): Promise<void> {
  editing.abort.abort();
  await editing.ended;
}

async function auditSince(offset: number): Promise<AuditEvent[]> {
  const { events } = await readAudit(auditLog(), offset);
  return [...events];
}

/** What operators have written, Leases aside, in the order in which it reached the apiserver. */
function writesIn(events: readonly AuditEvent[]): AuditEvent[] {
  return events
    .filter(({ userAgent }) => userAgent.startsWith('provider-operator/'))
    .filter(({ verb, resource }) => !['get', 'list', 'watch'].includes(verb) && resource !== 'leases')
    .sort((a, b) => a.receivedAt - b.receivedAt);
}

interface Reign {
  readonly userAgent: string;
  readonly from: number;
  to: number;
}

/** Who wrote, one after the other; a new reign begins with the first write of another. */
function reignsIn(writes: readonly AuditEvent[]): Reign[] {
  const reigns: Reign[] = [];
  for (const { userAgent, receivedAt, loggedAt } of writes) {
    const last = reigns.at(-1);
    if (last?.userAgent === userAgent) {
      last.to = Math.max(last.to, loggedAt);
    } else {
      reigns.push({ userAgent, from: receivedAt, to: loggedAt });
    }
  }
  return reigns;
}

/** Two writers at one time show as reigns that overlap, or as one that comes back after another began. */
function expectOneWriterAtATime(reigns: readonly Reign[]): void {
  for (const [index, { from }] of reigns.entries()) {
    const before = reigns[index - 1];
    expect(before === undefined || before.to <= from, JSON.stringify([before, reigns[index]])).toBe(true);
  }
}

afterEach(endAll);

async function endAll(): Promise<void> {
  await stopEditing();
  for (const operator of launched) {
    operator.signal('SIGCONT');
    operator.signal('SIGTERM');
    expect([0, -1]).toContain(await operator.ended);
  }
  launched.clear();
}

describe.skipIf(!disposable)('two replicas', () => {
  beforeAll(async () => {
    const { kubeconfig } = inject('controlPlane');
    admin = createTransport({
      connection: await findConnection({ kubeconfig: [kubeconfig] }),
      userAgent: 'tenant',
      connections: 4,
    });
    await prepare(namespace);
    const spec = { provider: 'acme/web', version: '1.0.0', upgradePolicy: 'manual', resourceTier: 'free' };
    await apply(provider('acme', '1.0.0'), ...[...names, 'probe'].map((name) => installation(namespace, name, spec)));
  });

  afterAll(async () => {
    await admin.close();
    await cleanUp(namespace);
  });

  it('are both ready, and one acts', async () => {
    const replicas = [await launch(), await launch()];

    await eventually(async () => (await Promise.all(replicas.map(isLeading))).filter(Boolean).length === 1);
    expect(await timeToAct(performance.now())).toBeLessThan(3_000);
  });

  it('hand over within 3 s of SIGTERM, within 22 s of a crash, and never act both in 50 handovers', async () => {
    const { nextOffset } = await readAudit(auditLog(), 0);
    let leader = await launch();
    await eventually(() => isLeading(leader));
    keepEditing();
    const slow: string[] = [];
    for (let handover = 1; handover <= 50; handover += 1) {
      const heir = await launch();
      const how = handover % 25 === 0 ? 'SIGKILL' : 'SIGTERM';
      const startedAt = performance.now();
      leader.signal(how);
      await eventually(() => isLeading(heir), 30_000);
      const took = handover % 10 === 0 ? await timeToAct(startedAt) : performance.now() - startedAt;
      if (took > (how === 'SIGTERM' ? 3_000 : 22_000)) {
        slow.push(`${how} ${handover}: ${Math.round(took)} ms`);
      }
      expect(await leader.ended).toBe(how === 'SIGTERM' ? 0 : -1);
      launched.delete(leader);
      leader = heir;
    }
    await stopEditing();

    const reigns = reignsIn(writesIn(await auditSince(nextOffset)));
    expect(slow).toEqual([]);
    expectOneWriterAtATime(reigns);
    expect(new Set(reigns.map(({ userAgent }) => userAgent)).size).toBe(reigns.length);
    expect(reigns.length).toBeGreaterThan(45);
  }, 400_000);

  it('do not lose an edit, nor write by the one that was stopped for 30 s, before it knows that it lost', async () => {
    const { nextOffset } = await readAudit(auditLog(), 0);
    const first = await launch();
    await eventually(() => isLeading(first));
    const second = await launch();
    keepEditing();
    await eventually(async () => writesIn(await auditSince(nextOffset)).length > 20);
    first.signal('SIGSTOP');
    const stoppedAt = performance.now();
    await eventually(() => isLeading(second), 30_000);
    await eventually(async () => performance.now() - stoppedAt > 30_000, 40_000);
    first.signal('SIGCONT');
    await eventually(async () => /Not leading any more/.test(first.output()));
    expect(await isLeading(first)).toBe(false);
    expect(await timeToAct(performance.now())).toBeLessThan(3_000);
    await stopEditing();

    const reigns = reignsIn(writesIn(await auditSince(nextOffset)));
    expectOneWriterAtATime(reigns);
    expect(reigns.map(({ userAgent }) => userAgent)).toEqual([
      expect.stringContaining(first.instance),
      expect.stringContaining(second.instance),
    ]);
  }, 120_000);

  it('are not needed for one slow renewal: who leads goes on writing', async ({ onTestFinished }) => {
    const proxy = await startFaultProxy(inject('controlPlane').operatorKubeconfig);
    onTestFinished(() => proxy.close());
    const leader = await launch({ KUBECONFIG: proxy.kubeconfig });
    await eventually(() => isLeading(leader));
    const renewals = () => proxy.passages.filter((p) => p.resource === 'leases' && p.verb === 'update');

    const slow = proxy.inject({ kind: 'delay', ms: 6_000 }, matching({ verb: 'update', resource: 'leases' }), 1);
    await eventually(async () => slow.hits === 1);
    const begun = renewals().length;
    expect(await timeToAct(performance.now())).toBeLessThan(3_000);
    await eventually(async () => renewals().length > begun + 1, 20_000);

    expect(leader.output()).not.toMatch(/Not leading any more/);
    expect(await isLeading(leader)).toBe(true);
  });

  it('are none of them moved by hands on the Lease: who leads takes it back, who stands by waits', async () => {
    const { nextOffset } = await readAudit(auditLog(), 0);
    const first = await launch();
    await eventually(() => isLeading(first));
    const second = await launch();
    keepEditing();
    await kubectl(['delete', 'lease', 'provider-operator', '-n', 'default']);
    await eventually(async () => (await holder()).includes(first.instance));
    await kubectl(['patch', 'lease', 'provider-operator', '-n', 'default', '--type=merge', '-p', EMPTIED]);
    await eventually(async () => (await holder()).includes(first.instance));
    await stopEditing();

    expect(await isLeading(second)).toBe(false);
    expect(reignsIn(writesIn(await auditSince(nextOffset)))).toHaveLength(1);
  });
});

const EMPTIED = JSON.stringify({ spec: { holderIdentity: '' } });

function holder(): Promise<string> {
  return kubectl(['get', 'lease', 'provider-operator', '-n', 'default', '-o', 'jsonpath={.spec.holderIdentity}']);
}
