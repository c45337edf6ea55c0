import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { findCondition, type Condition } from '../../src/api/conditions.ts';
import { liveThrough } from '../scenario/simulation/seed.ts';
import { readHealthTable } from './health-table.ts';
import { RARE_SITUATIONS } from './rare-situations.ts';
import { argoHealth, kstatus, type Judged, type Verdict } from './verdicts.ts';

interface Status {
  readonly conditions?: Condition[] | undefined;
}

/** Every status that the tests below and the simulation produce, since all of them call `expectKstatus`. */
const collected = vi.hoisted(() => new Map<string, { readonly status: object; readonly generation: number }>());

vi.mock(import('../support/kstatus.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    expectKstatus(status, generation) {
      original.expectKstatus(status, generation);
      const said = status.conditions?.map((c) => [c.type, c.status, c.reason, c.message]);
      collected.set(JSON.stringify(said), { status, generation });
    },
  };
});

// These tests run here once more, to collect the statuses that they produce.
await Promise.all([
  import('../unit/plan/stories/hazards.test.ts'),
  import('../unit/plan/plan.test.ts'),
  import('../unit/plan/tell/published-status.test.ts'),
  import('../unit/plan/stories/rollback.test.ts'),
  import('../unit/plan/stories/software-stories.test.ts'),
]);

const SEEDS = 20;
/** The words of Argo CD, with those of kstatus for the same. */
const SAME = new Map([
  ['Healthy', 'Current'],
  ['Progressing', 'InProgress'],
  ['Degraded', 'Failed'],
]);
const CREATED = {
  apiVersion: 'provider-operator.io/v1alpha1',
  kind: 'Provider',
  metadata: { name: 'web', generation: 1 },
};

function objects(generationsAhead = 0): readonly (Judged & { readonly status: Status })[] {
  return [...collected.values()].map(({ status, generation }, i) => ({
    apiVersion: 'provider-operator.io/v1alpha1',
    kind: 'ProviderInstallation',
    metadata: { name: `seen-${i}`, namespace: 'shop', generation: generation + generationsAhead },
    status,
  }));
}

it.each(Object.entries(RARE_SITUATIONS))('there is a way to %s', (reason, lead) => {
  const world = lead();
  world.reconcile();

  expect(world.ready()).toBe(`False ${reason}`);
});

describe('every status that our tests lead to', () => {
  const table = readHealthTable();
  let argo: readonly Verdict[] = [];
  let flux: readonly Verdict[] = [];

  beforeAll(async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      await liveThrough(seed);
    }
    [argo, flux] = await Promise.all([argoHealth(objects()), kstatus(objects())]);
  });

  it('is shown as the table in docs/gitops says', () => {
    const wrong = objects().flatMap(({ status }, i) => {
      const ready = findCondition(status.conditions, 'Ready');
      const patience = findCondition(status.conditions, 'Reconciling') ? 'waiting' : 'final';
      const expected = table.get(ready?.reason ?? '')?.[patience];
      const shown = { argo: argo[i]?.status, kstatus: flux[i]?.status };
      return JSON.stringify(shown) === JSON.stringify(expected) ? [] : [{ ready, shown, expected }];
    });

    expect(wrong).toEqual([]);
  });

  it('has each reason of the table', () => {
    const seen = new Set(objects().map(({ status }) => findCondition(status.conditions, 'Ready')?.reason));

    expect([...table.keys()].filter((reason) => !seen.has(reason))).toEqual([]);
  });

  it('is said in the words of Ready, which tell what to do', () => {
    expect(argo.map((verdict) => verdict.message)).toEqual(
      objects().map(({ status }) => findCondition(status.conditions, 'Ready')?.message),
    );
  });

  it('says nothing of a later spec', async () => {
    const [later, waited] = await Promise.all([argoHealth(objects(1)), kstatus(objects(1))]);

    expect(new Set(later.map((verdict) => verdict.status))).toEqual(new Set(['Progressing']));
    expect(new Set(waited.map((verdict) => verdict.status))).toEqual(new Set(['InProgress']));
  });
});

it('Argo CD and kstatus agree on whatever the three conditions are, also on what the operator never says', async () => {
  const states = [undefined, 'True', 'False', 'Unknown'];
  const all = states
    .slice(1)
    .flatMap((Ready) => states.flatMap((Reconciling) => states.map((Stalled) => ({ Ready, Reconciling, Stalled }))));
  const objects = all.map((conditions) => ({
    ...CREATED,
    status: {
      observedGeneration: 1,
      conditions: Object.entries(conditions).flatMap(([type, status]) =>
        status === undefined ? [] : [{ type, status, reason: 'Any', message: 'Any' }],
      ),
    },
  }));
  const [argo, flux] = await Promise.all([argoHealth(objects), kstatus(objects)]);

  expect(argo.map((verdict) => SAME.get(verdict.status))).toEqual(flux.map((verdict) => verdict.status));
  expect(new Set(flux.map((verdict) => verdict.status))).toEqual(new Set(SAME.values()));
});

describe('what nobody has looked at yet', () => {
  it.each([
    ['has the status that the schema gives', { status: { observedGeneration: -1 } }],
    ['has no conditions', { status: { observedGeneration: 1 } }],
  ])('%s: no tool takes it for ready', async (_, more) => {
    const created = [{ ...CREATED, ...more }];

    expect((await argoHealth(created))[0]?.status).toBe('Progressing');
  });

  it('is not Current for kstatus, which takes an object without a status for ready', async () => {
    const shown = await kstatus([CREATED, { ...CREATED, status: { observedGeneration: -1 } }]);

    expect(shown.map((verdict) => verdict.status)).toEqual(['Current', 'InProgress']);
  });
});

describe('the table in docs/gitops', () => {
  it('has every reason that README has', () => {
    const readme = readFileSync('README.md', 'utf8');
    const [, rows = ''] = /^\| Reason \| Ready \|.*\n\|[-| ]+\n((?:\|.*\n)+)/m.exec(readme) ?? [];
    const reasons = [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason = '']) => reason);
    const table = readHealthTable();

    expect(reasons.length).toBeGreaterThan(30);
    expect(reasons.filter((reason) => !table.has(reason))).toEqual([]);
  });
});
