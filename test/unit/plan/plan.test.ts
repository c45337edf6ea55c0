import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statusAfterFailure } from '../../../src/plan/tell/status-after-failure.ts';
import type { Observed } from '../../../src/plan/state/observed.ts';
import { plan } from '../../../src/plan/plan.ts';
import {
  catalogue,
  catalogueOf,
  installation,
  observed,
  release,
  software,
  softwareRelease,
} from '../../support/builders.ts';
import { expectKstatus } from '../../support/kstatus.ts';
import { World } from '../../support/world.ts';

describe('an installation', () => {
  it('is there with a record, two applies and a mark, and silent from then on', () => {
    const world = new World(catalogue('1.0.0'));
    world.converge();

    expect(world.ready()).toBe('True UpToDate');
    expect(world.status).toMatchObject({ currentVersion: '1.0.0', installedVersion: '1.0.0', targetVersion: '1.0.0' });
    expect(world.journal).toEqual([
      'record ControllerRevision',
      'apply Service',
      'apply Deployment',
      'mark ControllerRevision',
    ]);
  });

  it('is never ready before its rollout is done', () => {
    const world = new World(catalogue('1.0.0'));
    world.settle();
    expect(world.ready()).toBe('Unknown RollingOut');
    world.rollOut();
    world.settle();
    expect(world.ready()).toBe('True UpToDate');
  });

  it('has a budget under the performance tier only', () => {
    const world = new World(catalogue('1.0.0'), { resourceTier: 'performance' });
    world.converge();
    world.edit({ resourceTier: 'free' });
    world.converge();
    expect(world.journal.filter((line) => line.includes('Budget'))).toEqual([
      'apply PodDisruptionBudget',
      'remove PodDisruptionBudget',
    ]);
    expect(world.status).toMatchObject({ currentVersion: '1.0.0', effective: { tier: { replicas: 1 } } });
  });

  it('has no Service where the release has no ports', () => {
    const world = new World(catalogue(release('1.0.0', { runtime: {} })));
    world.converge();
    expect(world.journal).not.toContain('apply Service');
    expect(world.status.serviceName).toBeUndefined();
  });
});

describe('an upgrade', () => {
  it('moves automatic installations and no manual ones', () => {
    const [auto, manual] = (['auto', 'manual'] as const).map(
      (upgradePolicy) => new World(catalogue('1.0.0'), { upgradePolicy }),
    );
    for (const world of [auto!, manual!]) {
      world.converge();
      world.publish(catalogue('1.0.0', '1.1.0'));
      world.converge();
    }
    expect(auto!.status).toMatchObject({ currentVersion: '1.1.0', previousVersion: '1.0.0' });
    expect(manual!.status).toMatchObject({ currentVersion: '1.0.0', latestVersion: '1.1.0' });
    expect(manual!.ready()).toBe('True UpgradeAvailable');
  });

  it('keeps the ports of the old release until the new one serves', () => {
    const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
    world.converge();
    world.publish(
      catalogue(
        '1.0.0',
        release('1.1.0', { runtime: { ports: [{ name: 'web', containerPort: 9090, servicePort: 90 }] } }),
      ),
    );
    world.settle();
    expect(world.observed.service?.ports.map((p) => p.port)).toEqual([80, 90]);
    world.rollOut();
    world.settle();
    expect(world.observed.service?.ports.map((p) => p.port)).toEqual([90]);
  });

  it('that only renames a port serves old and new pods side by side', () => {
    const targets = () => world.observed.service?.ports.map((p) => `${p.port}->${p.targetPort}`);
    const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
    world.converge();
    const ports = [{ name: 'web', containerPort: 8080, servicePort: 80 }];
    world.publish(catalogue('1.0.0', release('1.1.0', { runtime: { ports } })));
    world.settle();
    expect(targets()).toEqual(['80->8080']);
    world.rollOut();
    world.settle();
    expect(targets()).toEqual(['80->web']);
  });
});

describe('what runs', () => {
  function running(spec: ConstructorParameters<typeof World>[1] = {}): World {
    const world = new World(catalogue('1.0.0'), spec);
    world.converge();
    world.journal.length = 0;
    return world;
  }

  it.each<[string, (world: World) => void]>([
    ['the Provider is deleted', (world) => world.publish(undefined)],
    ['its release is gone', (world) => world.publish(catalogue('1.1.0'))],
    [
      'its release is published again with other content',
      (world) => world.publish(catalogue(release('1.0.0', { image: 'other' }))),
    ],
    ['the status is lost', (world) => world.loseStatus()],
    [
      'a downgrade is refused',
      (world) => {
        world.publish(catalogue('0.9.0', '1.0.0'));
        world.edit({ version: '0.9.0' });
      },
    ],
    ['the config is bad', (world) => world.edit({ config: { LD_PRELOAD: 'x' } })],
    ['it is suspended and edited', (world) => world.edit({ suspend: true, config: { A: '1' } })],
    ['the description changes', (world) => world.edit({ description: 'x' })],
    ['the policy changes', (world) => world.edit({ upgradePolicy: 'auto' })],
  ])('is left alone when %s', (_, happen) => {
    const world = running();
    happen(world);
    world.settle();
    world.settle();
    expect(world.journal).toEqual([]);
  });

  it('is rebuilt in the status from the children alone', () => {
    const world = running();
    const before = world.status;
    world.loseStatus();
    world.settle();
    expect(world.status).toMatchObject({
      currentVersion: '1.0.0',
      installedVersion: '1.0.0',
      conditions: before.conditions,
    });
  });

  it('remembers what was stable when the status is lost in the midst of a rollout', () => {
    const world = running({ upgradePolicy: 'auto' });
    world.publish(catalogue('1.0.0', '1.1.0'));
    world.settle();
    world.loseStatus();
    world.settle();
    expect(world.status).toMatchObject({ currentVersion: '1.0.0', installedVersion: '1.1.0' });
  });

  it('is restored while the wish is refused: a typo must not turn an accident into an outage', () => {
    const world = running({ version: '1.0.0' });
    world.publish(catalogue('0.9.0', '1.0.0'));
    world.edit({ version: '0.9.0' });
    world.settle();
    world.deleteDeployment();
    world.settle();
    world.rollOut();
    world.tamper('kubectl', 'spec.replicas');
    world.settle();
    expect(world.journal).toEqual(['restore Deployment', 'restore Deployment']);
    expect(world.observed.deployment?.version).toBe('1.0.0');
    expect(world.ready()).toBe('False DowngradeRefused');
  });

  it('is restored as it was when somebody changes it, whatever was published as its version since', () => {
    const world = running();
    world.publish(catalogue(release('1.0.0', { image: 'other' })));
    world.tamper('kubectl', 'spec.replicas');
    world.converge();
    expect(world.journal).toEqual(['apply Deployment']);
    expect(world.head).toMatchObject({ number: 1, image: 'registry.example.com/acme/web:1.0.0' });
    expect([world.state.isPristine, world.ready()]).toEqual([true, 'True UpToDate']);
  });

  it('is not restarted by another default of the operator', () => {
    const world = running();
    const defaults = { progressDeadlineSeconds: 30, stableSeconds: 3 };
    world.observed = { ...world.observed, config: { ...world.observed.config, defaults } };
    world.settle();
    expect(world.journal).toEqual([]);
  });

  it('keeps its pods when the tier leaves their number to an autoscaler', () => {
    const world = running();
    world.publish(catalogueOf({ versions: [release('1.0.0')], tiers: { standard: {} } }));
    const write = plan(world.observed, world.now).writes.at(-1);
    expect(write).toMatchObject({ child: 'Deployment', leaveReplicas: 2 });
    expect(write?.kind === 'apply' && write.object.spec).not.toHaveProperty('replicas');
  });

  it('keeps its budget and its Service when its release has other content', () => {
    const world = running({ resourceTier: 'performance' });
    world.publish(catalogue(release('1.0.0', { image: 'other' })));
    world.observed = { ...world.observed, budget: undefined };
    world.settle();
    expect(world.journal).toEqual(['apply PodDisruptionBudget']);
    world.observed = { ...world.observed, service: undefined };
    world.settle();
    expect(world.journal).toEqual(['apply PodDisruptionBudget', 'apply Service']);
    expect(world.ready()).toBe('True UpToDate');
    expect(world.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'UpdateAvailable', reason: 'ContentChanged' }),
    );
  });

  it('comes to rest when ports are added to its release, and gets no Service that no pod serves', () => {
    const world = new World(catalogue(release('1.0.0', { runtime: {} })));
    world.converge();
    world.journal.length = 0;
    world.publish(catalogue('1.0.0'));
    world.settle();
    expect(world.journal).toEqual([]);
    expect(world.status.serviceName).toBeUndefined();
    expect(world.ready()).toBe('True UpToDate');
  });

  it('follows another definition of its tier', () => {
    const world = running();
    world.observed = { ...world.observed, config: { ...world.observed.config, tiers: { standard: { replicas: 4 } } } };
    world.converge();
    expect(world.journal).toEqual(['record ControllerRevision', 'apply Deployment', 'mark ControllerRevision']);
    expect(world.observed.deployment?.replicas).toBe(4);
  });

  it('says what a change needs when its release is gone', () => {
    const world = running();
    world.publish(undefined);
    world.edit({ config: { A: '1' } });
    world.settle();
    expect(world.ready()).toBe('False ReleaseMissing');
  });

  it('is restored when somebody changes it, and not for ever when that does not last', () => {
    const world = running();
    world.tamper('kubectl-set', 'spec.replicas');
    world.settle();
    world.tamper('kubectl-set', 'spec.replicas');
    world.settle();
    expect(world.journal).toEqual(['apply Deployment', 'apply Deployment']);

    world.converge();
    world.pass(3_600_000);
    world.tamper('kubectl-set', 'spec.replicas');
    const heals = {
      Deployment: { count: 2, burst: 2, culprit: 'spec.replicas was changed by "kubectl-set"', lastAt: world.now },
    };
    const held = plan({ ...world.observed, heals }, world.now + 1000);
    expect(held.writes).toEqual([]);
    expect(held.requeueAfterMs).toBe(59_000);
    expect(held.status.conditions?.find((c) => c.type === 'Drifted')?.message).toBe(
      'spec.replicas was changed by "kubectl-set"',
    );
    expect(plan({ ...world.observed, heals }, world.now + 60_000).writes).toHaveLength(1);
  });

  it('stays Ready while a label is restored: the pods are what they should be', () => {
    const world = running();
    world.relabel();
    world.reconcile();
    expect(world.journal).toEqual(['apply Deployment']);
    expect(world.ready()).toBe('True UpToDate');
  });

  it('is not brought back to a version that ran before: kubectl rollout undo is healed', () => {
    const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
    world.converge();
    world.edit({ version: undefined });
    world.edit({ version: '1.1.0' });
    world.converge();
    world.undo('1');
    world.edit({ version: undefined });
    world.converge();
    expect(world.status).toMatchObject({ currentVersion: '1.1.0' });
    expect(world.observed.deployment?.version).toBe('1.1.0');
  });
});

describe('between two looks', () => {
  it('a rollout that is done counts, also when the next one is decided on in the same pass', () => {
    const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
    world.converge();
    world.publish(catalogue('1.0.0', '1.1.0'));
    world.settle();
    world.rollOut();
    world.publish(catalogue('1.0.0', '1.1.0', '1.2.0'));
    world.settle();
    expect(world.status).toMatchObject({
      currentVersion: '1.1.0',
      previousVersion: '1.0.0',
      installedVersion: '1.2.0',
    });
    world.edit({ upgradePolicy: 'manual', version: '1.0.0' });
    world.settle();
    expect(world.ready()).toBe('False DowngradeRefused');
  });

  it('a consent is spent by its downgrade, and renewed by taking it away', () => {
    const world = new World(catalogue('1.0.0', '1.0.1'), { version: '1.0.1' });
    world.converge();
    const back = { version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } };
    world.edit(back);
    world.converge();
    expect(world.status).toMatchObject({ currentVersion: '1.0.0', usedConsent: '1.0.0' });
    world.edit({ version: '1.0.1' });
    world.converge();
    world.edit(back);
    world.converge();
    expect(world.ready()).toBe('False DowngradeRefused');
    world.edit({ upgrade: undefined });
    world.settle();
    world.edit(back);
    world.converge();
    expect(world.status.currentVersion).toBe('1.0.0');
  });
});

describe('a Deployment that somebody paused', () => {
  it('is named, because it would roll out nothing for ever', () => {
    const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
    world.converge();
    const { deployment } = world.observed;
    world.observed = { ...world.observed, deployment: { ...deployment!, paused: true } };
    world.edit({ version: '1.1.0' });
    world.settle();
    const { generation } = world.observed.deployment!;
    const stuck = { ...world.observed.deployment!, paused: true, observedGeneration: generation, updated: 0 };
    world.observed = { ...world.observed, deployment: stuck };
    world.settle();
    expect(world.ready()).toBe('False Paused');
  });
});

describe('a write that is refused', () => {
  const refused = (message: string) => ({ reason: 'Rejected', message, patience: 'none' }) as const;

  it('claims nothing that did not happen', () => {
    const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
    world.converge();
    world.edit({ version: '1.1.0' });
    const { installation } = world.observed;
    const status = statusAfterFailure(installation, plan(world.observed, world.now).status, refused('No'), world.now);
    expectKstatus(status, installation.generation);
    expect(status).toMatchObject({ installedVersion: '1.0.0', currentVersion: '1.0.0', targetVersion: '1.1.0' });
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Stalled', reason: 'Rejected', message: 'No' }),
    );
  });

  it('keeps its words while only numbers differ: each new status would be the next attempt', () => {
    const { installation } = observed();
    const planned = plan(observed(), 0).status;
    const first = statusAfterFailure(installation, planned, refused('Webhook at 10.0.0.1:4711 said no'), 0);
    const next = { ...installation, status: first };
    expect(statusAfterFailure(next, planned, refused('Webhook at 10.0.0.1:9999 said no'), 5)).toEqual(first);
    expect(statusAfterFailure(next, planned, refused('Quota is used up'), 5)).not.toEqual(first);
  });
});

describe('children of others', () => {
  const foreign = { uid: 'u', deleting: false, adoptable: false, owned: '', applied: undefined, changed: undefined };
  const service = { ...foreign, ports: [] };

  it.each<[string, Parameters<typeof observed>[0], string]>([
    ['a Service of somebody', { service: { ...service, owner: undefined } }, 'NameConflict'],
    [
      'a Service of a Gateway',
      { service: { ...service, owner: { kind: 'Gateway', name: 'g', uid: 'x' } } },
      'NameConflict',
    ],
    [
      'a Service of an earlier installation of this name',
      { service: { ...service, owner: { kind: 'ProviderInstallation', name: 'web', uid: 'earlier' } } },
      'WaitingForGarbageCollection',
    ],
  ])('%s stops everything: %s', (_, more, reason) => {
    const { writes, status } = plan(observed(more), 0);
    expect(writes).toEqual([]);
    expect(status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({ status: 'False', reason });
  });

  it('an orphan that selects our pods is taken over', () => {
    const { writes } = plan(observed({ service: { ...service, owner: undefined, adoptable: true } }), 0);
    expect(writes.map((w) => w.child)).toEqual(['ControllerRevision', 'Service', 'Deployment']);
    expect(writes[1]).toMatchObject({ kind: 'apply', adopts: service.uid });
  });
});

it.each<[string, (revisions: Observed['revisions']) => Observed['revisions']]>([
  ['with its records', (revisions) => revisions.map((r) => ({ ...r, owner: undefined }))],
  ['without any record', () => []],
])('an orphan that was left behind %s is not moved below what it runs without consent', (_, left) => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.1.0' });
  world.converge();
  const { deployment, service, revisions } = world.observed;
  world.observed = {
    ...world.observed,
    installation: installation({ version: '1.0.0' }, { uid: 'uid-of-the-next-one' }),
    deployment: { ...deployment!, owner: undefined },
    service: { ...service!, owner: undefined },
    revisions: left(revisions),
  };
  world.reconcile();
  world.rollOut();
  world.reconcile();
  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'False DowngradeRefused']);
});

describe('what is not there yet', () => {
  it('is waited for a minute, counted from the edit, then a person must act', () => {
    const world = new World(undefined);
    expect(world.reconcile().requeueAfterMs).toBe(60_000);
    expect(world.status.conditions?.map((c) => c.type)).toContain('Reconciling');
    world.now += 60_000;
    expect(world.reconcile().requeueAfterMs).toBeUndefined();
    expect(world.status.conditions?.map((c) => c.type)).toContain('Stalled');
    world.edit({ description: 'tried again' });
    world.reconcile();
    expect(world.status.conditions?.map((c) => c.type)).toContain('Reconciling');
  });
});

describe('suspend', () => {
  it('keeps Ready while the wish runs, and says what it holds back when not', () => {
    const world = new World(catalogue('1.0.0'));
    world.converge();
    world.edit({ suspend: true });
    world.settle();
    expect(world.ready()).toBe('True UpToDate');
    world.publish(catalogue('1.0.0', '1.1.0'));
    world.edit({ upgradePolicy: 'auto' });
    world.settle();
    expect(world.ready(), 'a new release turns nobody red').toBe('True UpgradeAvailable');
    world.edit({ version: '9.9.9' });
    world.settle();
    expect(world.ready()).toBe('False Suspended');
    world.edit({ version: undefined, config: { A: '1' } });
    world.settle();
    expect(world.ready()).toBe('False Suspended');
    expect(world.status.conditions?.some((c) => c.type === 'Stalled')).toBe(false);
    world.edit({ suspend: false });
    world.converge();
    expect(world.ready()).toBe('True UpToDate');
  });
});

it('gives the same bytes for the same input', () => {
  const input = observed({
    catalogue: catalogueOf({ versions: [release('1.0.0'), release('1.1.0')] }),
    installation: installation({ config: { B: '', A: '$(X)' } }),
  });
  expect(JSON.stringify(plan(input, 5))).toBe(JSON.stringify(plan(structuredCloneOf(input), 5)));
});

describe('the plan of an applied plan', () => {
  const edits = fc.oneof(
    fc.record({ version: fc.constantFrom('1.0.0', '1.1.0', '1.2.0', '9.9.9') }),
    fc.record({ upgradePolicy: fc.constantFrom('auto', 'manual') }),
    fc.record({ resourceTier: fc.constantFrom('free', 'standard', 'performance') }),
    fc.record({ config: fc.dictionary(fc.constantFrom('A', 'B', 'PATH'), fc.constantFrom('', '1', '$(X)')) }),
    fc.record({ suspend: fc.boolean() }),
    fc.record({
      systemSoftware: fc.uniqueArray(
        fc.record(
          {
            name: fc.constantFrom('php', 'icu'),
            version: fc.constantFrom('8.2.0', '8.2.1', '8.3.0', '9.9.9'),
            updatePolicy: fc.constantFrom('inherit', 'none', 'patchLevel', 'all'),
          },
          { requiredKeys: ['name'] },
        ),
        { selector: ({ name }) => name, maxLength: 2 },
      ),
    }),
  );
  const needsIcu = softwareRelease('php', '8.3.0', { dependencies: [{ name: 'icu', range: '>=8.2.1' }] });
  const shelves = [
    [software('php', '8.2.0', '8.2.1', '8.3.0'), software('icu', '8.2.0', '8.2.1')],
    [software('php', '8.2.0', needsIcu), software('icu', '8.2.0', '8.3.0')],
    [software('php', '8.3.0', softwareRelease('php', '8.2.1', { lifecycle: { stage: 'yanked' } }))],
    [],
  ];
  const php = (range: string) => ({ systemSoftwareDependencies: [{ name: 'php', range }] });
  const web = [{ name: 'web', containerPort: 8080, servicePort: 80 }];
  const catalogues = [
    catalogue('1.0.0', '1.1.0', '1.2.0'),
    undefined,
    catalogue('1.1.0'),
    catalogue(release('1.0.0', { image: 'other' }), '1.1.0'),
    catalogue(release('1.0.0', { runtime: {} }), release('1.1.0', { runtime: { ports: web } })),
    catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'yanked' } })),
    catalogue('1.0.0', release('1.1.0', { runtime: { volumeMounts: [{ name: 'x', mountPath: '/x' }] } })),
    catalogueOf({ versions: [release('1.0.0'), release('1.1.0')], tiers: { standard: {}, free: { replicas: 0 } } }),
    catalogue(release('1.0.0', php('>=8.2.0')), release('1.1.0', php('>=8.3.0'))),
    catalogue(release('1.0.0', php('<8.3.0')), '1.1.0'),
  ];
  const happenings: Readonly<Record<string, (world: World) => void>> = {
    done: (world) => world.rollOut(),
    fail: (world) => world.fail(),
    crash: (world) => world.pod({ restarts: 3 }),
    recover: (world) => world.pod({}),
    retry: (world) => world.retry(String(world.now)),
    'lose status': (world) => world.loseStatus(),
    tamper: (world) => world.tamper('kubectl', 'spec'),
    relabel: (world) => world.relabel(),
    undo: (world) => world.undo(world.state.records.at(-1)?.template ?? '1'),
    'delete the Deployment': (world) => world.deleteDeployment(),
    'delete the Service': (world) => (world.observed = { ...world.observed, service: undefined }),
    'delete the budget': (world) => (world.observed = { ...world.observed, budget: undefined }),
  };
  const step = fc.oneof(
    edits.map((spec) => ({ what: JSON.stringify(spec), happen: (world: World) => world.edit(spec) })),
    fc
      .nat(catalogues.length - 1)
      .map((n) => ({ what: `publish ${n}`, happen: (w: World) => w.publish(catalogues[n]) })),
    fc
      .nat(shelves.length - 1)
      .map((n) => ({ what: `shelve ${n}`, happen: (w: World) => w.shelve(...(shelves[n] ?? [])) })),
    fc.constantFrom(...Object.keys(happenings)).map((what) => ({ what, happen: happenings[what]! })),
  );

  it('is empty, and so is the change of its status, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const world = new World(catalogues[0], {}, shelves[0]);
        for (const { happen } of steps) {
          happen(world);
          world.settle();
        }
        world.settle();
        // Graces, deadlines and second tries end. After that, the passing of time alone must change nothing.
        for (let look = 0, wait = world.reconcile().requeueAfterMs; wait !== undefined; look += 1) {
          expect([look, wait]).toEqual([expect.toSatisfy((n) => n < 100), expect.toSatisfy(Number.isFinite)]);
          world.now += wait;
          world.settle();
          wait = world.reconcile().requeueAfterMs;
        }
        const { status } = world;
        world.now += 3_600_000;
        expect(world.reconcile()).toMatchObject({ writes: [], takesSlot: false });
        expect(world.status).toEqual(status);
      }),
      // A thousand runs take seconds. On a busy machine, a minute must do.
      { numRuns: 1000, plugins: [fc.interruptAfterTimeLimit(60_000)] },
    );
  });
});

/** Copies the input by structuredClone, but for its functions, which cannot be cloned. */
function structuredCloneOf(input: ReturnType<typeof observed>): ReturnType<typeof observed> {
  const { references, ...data } = input;
  return { ...structuredClone(data), references };
}
