import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTransport, type Transport } from '../../../src/cluster/transport.ts';
import { findConnection } from '../../../src/cluster/connection.ts';
import { LEASE_MS } from '../../../src/controller/lease-record.ts';
import { readAudit, type AuditEvent } from '../../control-plane/audit.ts';
import { matching } from '../../faults/api-request.ts';
import { lasting } from '../../faults/fault-duration.ts';
import { startFaultProxy } from '../../faults/proxy.ts';
import { auditLog, cleanUp, installation, prepare, provider } from '../support/cluster.ts';
import { apply, eventually, kubectl } from '../support/kubectl.ts';
import { launchOperator, type OperatorProcess } from '../support/operator.ts';

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

/** Edits an installation as a tenant would, and returns the new value. */
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

/** Waits until an edit that is made now is acted on, by whoever leads or comes to lead. */
async function actsOnAnEdit(): Promise<void> {
  const value = await edit('probe');
  await eventually(() => isActedOn('probe', value));
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

/** The writes of operators, Leases aside, in the order in which they reached the apiserver. */
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

/** The writers, one after the other. A new reign begins with the first write of another replica. */
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

/**
 * Expects one writer at a time: two would show as reigns that overlap, or as a reign that comes back after another
 * began.
 */
function expectOneWriterAtATime(reigns: readonly Reign[]): void {
  for (const [index, { from }] of reigns.entries()) {
    const before = reigns[index - 1];
    expect(before === undefined || before.to <= from, JSON.stringify([before, reigns[index]])).toBe(true);
  }
}

/** One replica that ended, and the one that took its place. */
/** `npm run soak` tries 50. Two of them are crashes, after which the Lease has to run out. */
const HANDOVERS = Number(process.env['HANDOVERS'] ?? 12);

interface HandOver {
  readonly how: 'SIGTERM' | 'SIGKILL';
  readonly leader: string;
  readonly heir: string;
}

/** The requests for the Lease at a hand-over: the last write of the leader, and those of the heir after it. */
function leaseAt(events: readonly AuditEvent[], { leader, heir }: HandOver) {
  const of = (instance: string) =>
    events.filter(({ resource, userAgent }) => resource === 'leases' && userAgent.includes(instance));
  const isWritten = ({ verb, code }: AuditEvent) => verb === 'update' && code === 200;
  const left = of(leader).findLast(isWritten)!;
  const since = of(heir).filter(({ receivedAt }) => receivedAt > left.loggedAt);
  const taken = since.find(isWritten)!;
  const looks = since.filter(({ verb, receivedAt }) => verb === 'get' && receivedAt < taken.receivedAt);
  return { looks: looks.length, milliseconds: taken.receivedAt - left.receivedAt };
}

/**
 * How often an heir looks at the Lease at most. It looks every two seconds. It takes a Lease that was given back at its
 * first look, or at the next if the first came too early. It takes an abandoned Lease at the first look after its
 * duration, counted from the look that first saw its last holder.
 */
const MOST_LOOKS = { SIGTERM: 2, SIGKILL: 1 + Math.ceil(LEASE_MS / 2_000) + 1 };

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
    await actsOnAnEdit();
  });

  it('hand over on SIGTERM and after a crash, and never act both, however often', async () => {
    const { nextOffset } = await readAudit(auditLog(), 0);
    let leader = await launch();
    await actsOnAnEdit();
    const replicas = [leader];
    const handOvers: HandOver[] = [];
    keepEditing();
    for (let handover = 1; handover <= HANDOVERS; handover += 1) {
      const heir = await launch();
      const how = handover % (HANDOVERS / 2) === 0 ? 'SIGKILL' : 'SIGTERM';
      leader.signal(how);
      expect(await leader.ended).toBe(how === 'SIGTERM' ? 0 : -1);
      launched.delete(leader);
      await actsOnAnEdit();
      handOvers.push({ how, leader: leader.instance, heir: heir.instance });
      replicas.push(heir);
      leader = heir;
    }
    await stopEditing();

    // Only safety is judged, since the machine may be busy. `npm run bench` measures how long a hand-over takes.
    const events = await auditSince(nextOffset);
    const reigns = reignsIn(writesIn(events));
    expectOneWriterAtATime(reigns);
    expect(reigns.map(({ userAgent }) => userAgent)).toEqual(
      replicas.map(({ instance }) => expect.stringContaining(instance)),
    );
    for (const handOver of handOvers) {
      const { looks, milliseconds } = leaseAt(events, handOver);
      expect(looks, `${handOver.how} of ${handOver.leader}`).toBeLessThanOrEqual(MOST_LOOKS[handOver.how]);
      expect(milliseconds, 'nobody is robbed').toBeGreaterThanOrEqual(handOver.how === 'SIGKILL' ? LEASE_MS : 0);
    }
  });

  it('do not lose an edit, nor write by the one that was stopped for 30 s, before it knows that it lost', async () => {
    const { nextOffset } = await readAudit(auditLog(), 0);
    const first = await launch();
    await eventually(() => isLeading(first));
    const second = await launch();
    keepEditing();
    await eventually(async () => writesIn(await auditSince(nextOffset)).length > 20);
    first.signal('SIGSTOP');
    await Promise.all([lasting(30_000), eventually(() => isLeading(second))]);
    first.signal('SIGCONT');
    await eventually(async () => /Not leading any more/.test(first.output()));
    expect(await isLeading(first)).toBe(false);
    await actsOnAnEdit();
    await stopEditing();

    const writes = writesIn(await auditSince(nextOffset));
    const isOf = (operator: OperatorProcess) => (event: AuditEvent) => event.userAgent.includes(operator.instance);
    const late = writes.slice(writes.findIndex(isOf(second))).filter(isOf(first));
    // The process may be stopped between its look at the clock and the call that sends a request. JavaScript does that
    // for one request at a time.
    expect(late.length, JSON.stringify(late)).toBeLessThanOrEqual(1);
    const reigns = reignsIn(writes.filter((event) => !late.includes(event)));
    expectOneWriterAtATime(reigns);
    expect(reigns.map(({ userAgent }) => userAgent)).toEqual([
      expect.stringContaining(first.instance),
      expect.stringContaining(second.instance),
    ]);
  });

  it('are not needed for one slow renewal: who leads goes on writing', async ({ onTestFinished }) => {
    const proxy = await startFaultProxy(inject('controlPlane').operatorKubeconfig);
    onTestFinished(() => proxy.close());
    const leader = await launch({ KUBECONFIG: proxy.kubeconfig });
    await eventually(() => isLeading(leader));
    const renewals = () => proxy.passages.filter((p) => p.resource === 'leases' && p.verb === 'update');

    const slow = proxy.inject({ kind: 'delay', ms: 6_000 }, matching({ verb: 'update', resource: 'leases' }), 1);
    await eventually(async () => slow.hits === 1);
    const begun = renewals().length;
    await actsOnAnEdit();
    await eventually(async () => renewals().length > begun + 1);

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
