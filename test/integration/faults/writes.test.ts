import { beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import type { Resource } from '../../../src/cluster/resource.ts';
import { CHILDREN } from '../../../src/reconcile/resources.ts';
import { firstOfEach, matching } from '../../faults/api-request.ts';
import { startSettled, type Settled } from '../../faults/settled.ts';
import { prepare } from '../support/cluster.ts';
import type { DeploymentObject, KubernetesObject } from '../support/kubectl.ts';

const cluster = inject('controlPlane');

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
interface EventObject {
  readonly reportingController?: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly name: string };
}

const isWrite = matching({ verb: 'patch' });
/**
 * The writes for an edit and an installation: a record, a Deployment and a mark for each, one Service, and two or three
 * reports for each.
 */
const WRITES_PER_ROUND = 13;
/** Each failure costs the next attempt, and maybe a report. */
const WRITES_PER_FAILURE = 2;

describe.skipIf(!cluster.disposable)('a write', { concurrent: true }, () => {
  beforeAll(() => prepare('writes'));

  async function setUp(namespace: string, context: TestContext) {
    return { ...(await startSettled({ ...cluster, namespace }, context)), namespace };
  }

  /** Expects that everything was done once: one rollout for an edit, none for an installation, and no event twice. */
  async function expectNothingTwice({ api, namespace }: Pick<Settled, 'api'> & { namespace: string }, created: string) {
    const deployments = await api.list<DeploymentObject>(CHILDREN.Deployment, namespace);
    const generations = new Map(deployments.map(({ metadata }) => [metadata.name, metadata.generation]));
    expect({ edited: generations.get('edited'), created: generations.get(created) }).toEqual({ edited: 2, created: 1 });
    const records = await api.list<KubernetesObject>(CHILDREN.ControllerRevision, namespace);
    const names = records.map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith('edited-')).toSorted()).toEqual(['edited-1', 'edited-2']);
    expect(names.filter((name) => name.startsWith(`${created}-`))).toEqual([`${created}-1`]);

    const events = await api.list<EventObject>(EVENTS, namespace);
    const told = events
      .filter(({ reportingController }) => reportingController?.startsWith('provider-operator.io'))
      .map(({ regarding, reason, note }) => `${regarding.name} ${reason} ${note}`);
    expect(told.length).toBeGreaterThan(0);
    expect(told.toSorted()).toEqual([...new Set(told)].toSorted());
  }

  it('that is throttled waits for as long as it was told, and no other waits with it', async (context) => {
    const { proxy, workload, asked } = await setUp('write-429', context);
    const isOfEdited = matching({ verb: 'patch', resource: 'deployments', name: 'edited' });
    // The delay is so long that a write that does not wait comes first, on a busy machine, too.
    proxy.inject({ kind: 'refuse', code: 429, retryAfterSeconds: 8 }, isOfEdited, 2);

    await workload.change('throttled');
    await workload.converges();

    const attempts = asked(isOfEdited);
    expect(attempts.map((p) => p.told)).toEqual([429, 429, 200]);
    expect(attempts[1]!.at - attempts[0]!.at).toBeGreaterThanOrEqual(8000);
    expect(attempts[2]!.at - attempts[1]!.at).toBeGreaterThanOrEqual(8000);
    const [other] = asked(matching({ verb: 'patch', resource: 'deployments', name: 'throttled' }));
    expect(other!.at).toBeLessThan(attempts[1]!.at);
  });

  it('that a failing server did not do is done later, at a calm pace', async (context) => {
    const setup = await setUp('write-5xx', context);
    const { proxy, workload, asked } = setup;
    for (const code of [500, 503, 504]) {
      proxy.inject({ kind: 'refuse', code }, isWrite, 3);
    }

    await workload.change('failed');
    await workload.converges();

    expect(asked(isWrite).length).toBeLessThanOrEqual(WRITES_PER_ROUND + 9 * WRITES_PER_FAILURE);
    await expectNothingTwice(setup, 'failed');
  });

  it.for([500, 504])('that is answered with %s although it was done is done once', async (code, context) => {
    const setup = await setUp(`write-done-${code}`, context);
    const { proxy, workload, asked } = setup;
    const fault = proxy.inject({ kind: 'replace-answer', code }, firstOfEach(isWrite));

    await workload.change('done');
    await workload.converges();

    expect(fault.hits).toBeGreaterThanOrEqual(3);
    expect(asked(isWrite).length).toBeLessThanOrEqual(WRITES_PER_ROUND + fault.hits * WRITES_PER_FAILURE);
    await expectNothingTwice(setup, 'done');
  });

  it('whose answer is lost is done once', async (context) => {
    const setup = await setUp('write-lost', context);
    const { proxy, workload, asked } = setup;
    const fault = proxy.inject({ kind: 'lose-answer' }, firstOfEach(isWrite));

    await workload.change('lost');
    await workload.converges();

    expect(fault.hits).toBeGreaterThanOrEqual(3);
    expect(asked(isWrite).length).toBeLessThanOrEqual(WRITES_PER_ROUND + fault.hits * WRITES_PER_FAILURE);
    await expectNothingTwice(setup, 'lost');
  });

  it('whose connection breaks, or that takes long, is done in the end', async (context) => {
    const setup = await setUp('write-cut', context);
    const { proxy, workload, asked } = setup;
    proxy.inject({ kind: 'reset' }, isWrite, 4);
    proxy.inject({ kind: 'delay', ms: 1500 }, isWrite, 4);

    await workload.change('cut');
    await workload.converges();

    expect(asked(isWrite).length).toBeLessThanOrEqual(WRITES_PER_ROUND + 4 * WRITES_PER_FAILURE);
    await expectNothingTwice(setup, 'cut');
  });
});
