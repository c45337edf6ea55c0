import { describe, expect, it } from 'vitest';
import { catalogue, catalogueOf, release, config, software, softwareRelease } from '../../../support/builders.ts';
import { World } from '../../../support/world.ts';
import { parseFailures } from '../../../../src/api/failure.ts';
import type { DeploymentView } from '../../../../src/plan/state/observed.ts';
import { plan } from '../../../../src/plan/plan.ts';
import { notYet, problem } from '../../../../src/api/problem.ts';
import { parseMark } from '../../../../src/plan/state/record.ts';
import { markRefused } from '../../../../src/plan/act/refused-write.ts';
import { statusAfterFailure } from '../../../../src/plan/tell/status-after-failure.ts';

/** People, webhooks and accidents disturb an upgrade in a hostile order. Each of these went wrong once. */

const HOUR = 3_600_000;
const see = (world: World, more: object) => {
  world.observed = { ...world.observed, deployment: { ...world.observed.deployment!, ...more } };
};
const seeInstallation = (world: World, more: object) => {
  world.observed = { ...world.observed, installation: { ...world.observed.installation, ...more } };
};
const changeTier = (world: World, replicas: number) => {
  world.observed = { ...world.observed, config: { ...config, tiers: { standard: { replicas } } } };
};
const condition = (world: World, t: string) => {
  const c = world.status.conditions?.find((x) => x.type === t);
  return c && `${c.status} ${c.reason}`;
};
const drift = (world: World) => {
  world.tamper('hpa', 'spec.replicas');
};
const fail = (world: World) => {
  world.pod({});
  world.fail();
  world.settle();
};
const goBack = (world: World) => {
  fail(world);
  world.rollOut();
  world.observed = { ...world.observed, pods: [] };
  world.settle();
};
const automatic = (more = {}) => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto', ...more });
  world.converge();
  return world;
};
const configured = () => {
  const world = new World(catalogue('1.0.0'), { config: { X: 'A' } });
  world.converge();
  return world;
};
const publishBad = (world: World) => {
  world.publish(catalogue('1.0.0', '1.1.0'));
  world.settle();
};
const heldWish = () => {
  const world = new World(catalogue('1.0.0'), { version: '1.0.0' });
  world.converge();
  world.publish(catalogue('1.0.0', '1.1.0'));
  world.edit({ version: '1.1.0' });
  world.settle();
  goBack(world);
  world.journal.length = 0;
  return world;
};
/** Lets the API server refuse the next Deployment, and applies the mark that the reconciler makes of it. */
const refuse = (world: World) => {
  const { deployment, installation } = world.observed;
  const { writes, status } = world.reconcile();
  expect(writes.map((write) => write.child)).toContain('Deployment');
  world.observed = { ...world.observed, deployment, installation };
  const refused = markRefused(world.observed, 'denied by policy', world.now);
  if (refused) {
    const { name, annotations } = refused.object.metadata;
    const mark = parseMark(annotations);
    const revisions = world.observed.revisions.map((r) =>
      r.kind === 'record' && r.name === name ? { ...r, mark } : r,
    );
    world.observed = { ...world.observed, revisions };
  } else {
    const failure = problem('Rejected', 'denied by policy');
    seeInstallation(world, { status: statusAfterFailure(installation, status, failure, world.now) });
  }
  return refused;
};

it('a quota that leaves no room for a record ends as Stalled after a minute, and is no verdict on the release', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.refusal = notYet('QuotaExceeded', 'Raise the quota of the namespace: exceeded quota: all');
  world.edit({ version: '1.1.0' });
  world.reconcile();
  expect([world.ready(), condition(world, 'Stalled')]).toEqual(['False QuotaExceeded', undefined]);
  world.pass(61_000);
  world.reconcile();
  expect([world.ready(), condition(world, 'Stalled'), condition(world, 'Available')]).toEqual([
    'False QuotaExceeded',
    'True QuotaExceeded',
    'True PodsAvailable',
  ]);

  world.refusal = undefined;
  world.converge();
  expect([world.ready(), world.observed.deployment?.version]).toEqual(['True UpToDate', '1.1.0']);
});

it('a tier table that changes retries no held wish', () => {
  const world = heldWish();
  changeTier(world, 3);
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('automation obeys level and breaking when the status is lost and the replicas have drifted', () => {
  const world = automatic({ upgrade: { level: 'patch' } });
  drift(world);
  world.loseStatus();
  world.publish(catalogue('1.0.0', release('2.0.0', { breaking: {} })));
  world.reconcile();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('an edit after drift and a lost status leads to no downgrade without consent', () => {
  const world = new World(catalogue('1.0.0', '1.5.0'), { version: '1.5.0' });
  world.converge();
  drift(world);
  world.loseStatus();
  world.edit({ version: '1.0.0' });
  world.reconcile();
  expect(world.observed.deployment?.version).toBe('1.5.0');
});

it('what automation chose while drift stands can go back', () => {
  const world = automatic();
  drift(world);
  publishBad(world);
  // The drift is healed first.
  world.rollOut();
  world.settle();
  fail(world);
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('remembers a failure where rollback is disabled', () => {
  const world = automatic({ upgrade: { rollback: { enabled: false } } });
  publishBad(world);
  fail(world);
  world.edit({ upgradePolicy: 'manual', version: '1.0.0' });
  world.converge();
  world.edit({ upgradePolicy: 'auto' });
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('a first install that failed is not tried again by a switch of the policy and back', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { upgradePolicy: 'auto' });
  world.settle();
  fail(world);
  world.edit({ upgradePolicy: 'manual', version: '1.0.0' });
  world.observed = { ...world.observed, pods: [] };
  world.converge();
  world.edit({ upgradePolicy: 'auto' });
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('a Deployment that is deleted while a wish is held comes back as it ran', () => {
  const world = heldWish();
  world.deleteDeployment();
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('Deployment deleted in the midst of an automatic rollout: what ran well comes back first, and is the way back later', () => {
  const world = automatic();
  publishBad(world);
  world.deleteDeployment();
  world.settle();
  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'Unknown RollingBack']);
  world.pass(5000);
  world.converge();
  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'Unknown RollingOut']);
  goBack(world);
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

describe('Deployment deleted in the midst of what the spec asks for', () => {
  const deleted = () => {
    const world = new World(catalogue('1.0.0', '1.1.0', '1.2.0'), { version: '1.0.0' });
    world.converge();
    world.edit({ version: '1.1.0' });
    world.settle();
    world.deleteDeployment();
    world.settle();
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'Unknown RollingBack']);
    return world;
  };

  it('what ran well comes first, then that is tried again', () => {
    const world = deleted();
    world.rollOut();
    world.settle();
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.1.0', 'Unknown RollingOut']);
  });

  it('another wish is tried at once', () => {
    const world = deleted();
    world.edit({ version: '1.2.0' });
    world.settle();
    expect(world.observed.deployment?.version).toBe('1.2.0');
  });
});

it('a version that is named while automation rolls it out is tried once', () => {
  const world = automatic();
  publishBad(world);
  world.edit({ upgradePolicy: 'manual', version: '1.1.0' });
  world.settle();
  goBack(world);
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('a failed edit goes back, also when the spec asks for the same pods in other words by then', () => {
  const world = new World(catalogue('1.0.0'), { config: { A: 'good' } });
  world.converge();
  world.edit({ config: { A: 'bad' } });
  world.settle();
  world.edit({ version: '1.0.0' });
  world.settle();
  goBack(world);
  expect([world.head?.number, world.ready()]).toEqual([1, 'False RolledBack']);
});

it('a refused rollback counts as one failure', () => {
  const world = automatic();
  publishBad(world);
  world.pod({});
  world.fail();
  for (let i = 0; i < 101; i += 1) {
    refuse(world);
  }
  world.settle();
  expect(world.status.failedVersions).toMatchObject([{ attempts: 1 }]);
});

it('a refused rollback is told once', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.edit({ version: '1.1.0' });
  world.settle();
  world.pod({});
  world.fail();
  refuse(world);
  world.settle();
  expect(world.status.failedVersions).toHaveLength(1);
});

it('what was retried well is no failure any more', () => {
  const world = heldWish();
  world.retry('1');
  world.converge();
  expect(world.status.failedVersions).toBeUndefined();
});

it('what was retried well holds nothing later', () => {
  const world = automatic({ config: { A: '1' } });
  world.edit({ config: { A: '2' } });
  world.settle();
  goBack(world);
  world.retry('1');
  world.converge();
  world.observed = { ...world.observed, retries: [] };
  publishBad(world);
  goBack(world);
  expect(world.ready()).toMatch(/^True/);
});

it('nothing goes below what was done when that is undone and its healing fails', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.edit({ version: '1.1.0' });
  world.converge();
  world.pass(HOUR);
  world.undo('1');
  world.settle();
  fail(world);
  expect(world.observed.deployment?.version).toBe('1.1.0');
});

it('undo in the midst of an automatic rollout: that is over, another begins, and its version is to blame', () => {
  const world = automatic();
  world.pass(HOUR);
  publishBad(world);
  world.pass(5000);
  world.undo('1');
  world.settle();
  expect(world.head).toMatchObject({ number: 3, version: '1.1.0', trigger: 'Policy' });
  goBack(world);
  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpgradeAvailable']);
});

it('undo in the midst of an automatic move of software: that is over, another begins, and the software is to blame', () => {
  const needs = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] });
  const world = new World(catalogue(needs), { upgradePolicy: 'auto' }, [software('php', '8.2.0')]);
  world.converge();
  world.pass(HOUR);
  world.shelve(software('php', '8.2.0', '8.3.0'));
  world.settle();
  world.undo('1');
  world.settle();
  expect(world.head).toMatchObject({ number: 1, version: '1.0.0' });
  world.converge();
  expect(world.head).toMatchObject({ number: 3, committed: { software: 'php=8.3.0' }, trigger: 'SystemSoftware' });
  goBack(world);
  expect([world.observed.deployment?.software, world.ready()]).toEqual(['php=8.2.0', 'True UpToDate']);
});

it('undo in the midst of an automatic rollout, and another has its place in the fleet by now: it waits for its turn', () => {
  const world = automatic();
  world.pass(HOUR);
  publishBad(world);
  world.pass(5000);
  world.undo('1');
  world.observed = { ...world.observed, slot: 'queued' };
  expect(world.reconcile().takesSlot).toBe(false);
  world.converge();
  expect(world.reconcile()).toMatchObject({ takesSlot: false, isQueued: true });
  expect(world.head).toMatchObject({ number: 1, version: '1.0.0', trigger: 'Install' });

  world.observed = { ...world.observed, slot: 'free' };
  world.settle();
  expect(world.head).toMatchObject({ version: '1.1.0', trigger: 'Policy' });
});

it('undone to an earlier edit, which the spec asks for again: it fails like any other', () => {
  const world = configured();
  world.pass(HOUR);
  world.edit({ config: { X: 'B' } });
  world.settle();
  world.pass(5000);
  world.edit({ config: { X: 'C' } });
  world.settle();
  world.undo('2');
  world.edit({ config: { X: 'B' } });
  world.settle();
  fail(world);
  expect([world.head?.number, world.ready()]).toEqual([1, 'Unknown RollingBack']);
});

it('undone to what ran before, which the spec asks for again: that is what the next edit goes back to', () => {
  const world = configured();
  world.pass(HOUR);
  world.edit({ config: { X: 'B' } });
  world.converge();
  world.pass(HOUR);
  world.edit({ config: { X: 'C' } });
  world.settle();
  world.undo('1');
  world.edit({ config: { X: 'A' } });
  world.converge();
  const { number } = world.head!;
  world.edit({ config: { X: 'D' } });
  world.settle();
  goBack(world);
  expect([world.head?.number, world.ready()]).toEqual([number, 'False RolledBack']);
});

it('undone in a move of software that was yanked since: what comes back is no automatic rollout', () => {
  const needs = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] });
  const world = new World(catalogue(needs), { upgradePolicy: 'auto', config: { X: 'A' } }, [software('php', '8.2.0')]);
  world.converge();
  world.pass(HOUR);
  world.edit({ config: { X: 'B' } });
  world.converge();
  world.pass(HOUR);
  world.shelve(software('php', '8.2.0', '8.3.0'));
  world.settle();
  world.undo('1');
  world.shelve(software('php', '8.2.0', softwareRelease('php', '8.3.0', { lifecycle: { stage: 'yanked' } })));
  expect(plan(world.observed, world.now).takesSlot).toBe(false);
  world.converge();
  expect([world.observed.deployment?.software, world.ready()]).toEqual(['php=8.2.0', 'True UpToDate']);
});

it('undo that brings back what failed: nobody is to blame for that, it is undone like any change', () => {
  const world = new World(catalogue('1.0.0'), { upgradePolicy: 'auto' });
  world.settle();
  fail(world);
  world.publish(catalogue('1.0.0', '1.0.1'));
  world.converge();
  world.undo('1');
  fail(world);
  expect(world.status.failedVersions ?? []).toEqual([]);
  expect(world.observed.deployment).toMatchObject({ version: '1.0.1', changed: undefined });
  world.converge();
  expect(world.ready()).toBe('True UpToDate');
});

it('undo of the way back after an automatic rollout: to heal it is no automatic rollout, and takes no place', () => {
  const world = automatic();
  world.pass(HOUR);
  publishBad(world);
  goBack(world);
  world.pass(HOUR);
  world.undo('2');
  world.rollOut();
  world.observed = { ...world.observed, slot: 'queued' };
  const { takesSlot, isQueued } = world.reconcile();
  expect([takesSlot, isQueued]).toEqual([false, false]);
  expect(world.head).toMatchObject({ number: 1, version: '1.0.0' });
});

describe('undo of what was yanked since: that is not brought back', () => {
  it('where it is a release', () => {
    const world = automatic();
    world.pass(HOUR);
    publishBad(world);
    world.undo('1');
    world.publish(catalogue('1.0.0', release('1.1.0', { lifecycle: { stage: 'yanked' } })));
    world.journal.length = 0;
    world.converge();
    expect(world.journal.filter((write) => write.endsWith(' Deployment'))).toHaveLength(1);
    expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpToDate']);
    expect(world.status.history?.map(({ version, result }) => `${version} ${result}`)).toEqual([
      '1.0.0 Succeeded',
      '1.1.0 Superseded',
      '1.0.0 Succeeded',
    ]);
  });

  it('where it is system software', () => {
    const needs = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] });
    const world = new World(catalogue(needs), { upgradePolicy: 'auto' }, [software('php', '8.2.0')]);
    world.converge();
    world.pass(HOUR);
    world.shelve(software('php', '8.2.0', '8.3.0'));
    world.settle();
    world.undo('1');
    world.shelve(software('php', '8.2.0', softwareRelease('php', '8.3.0', { lifecycle: { stage: 'yanked' } })));
    world.journal.length = 0;
    world.converge();
    expect(world.journal.filter((write) => write.endsWith(' Deployment'))).toHaveLength(1);
    expect([world.observed.deployment?.software, world.ready()]).toEqual(['php=8.2.0', 'True UpToDate']);
  });
});

it('undo of a rollout that nobody asks for any more: it was superseded, and what comes back is told once', () => {
  const world = configured();
  world.pass(HOUR);
  world.edit({ config: { X: 'B' } });
  world.settle();
  world.undo('1');
  world.edit({ config: { X: 'A' } });
  world.converge();
  expect(world.status.history?.map(({ trigger, result }) => `${trigger} ${result}`)).toEqual([
    'Spec Succeeded',
    'Spec Superseded',
    'Install Succeeded',
  ]);
});

it('undo to one that is not what ran last: that is not what one goes back to', () => {
  const world = automatic({ config: { X: 'A' } });
  world.pass(HOUR);
  world.edit({ config: { X: 'B' } });
  world.converge();
  world.pass(HOUR);
  publishBad(world);
  world.undo('1');
  world.settle();
  goBack(world);
  expect(world.head).toMatchObject({ number: 2, version: '1.0.0' });
});

it('a way back with one replica is not called failed while its pod starts', () => {
  const world = automatic({ resourceTier: 'free' });
  publishBad(world);
  fail(world);
  see(world, {
    observedGeneration: world.observed.deployment!.generation,
    total: 2,
    updated: 1,
    available: 1,
    progress: 'ProgressDeadlineExceeded',
  });
  world.settle();
  expect(world.ready()).toBe('Unknown RollingBack');
});

it('a deadline that is raised counts', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.edit({ version: '1.1.0', upgrade: {} });
  world.settle();
  world.edit({ upgrade: { rollback: { progressDeadlineSeconds: 86_400 } } });
  world.settle();
  world.pass(700_000);
  fail(world);
  expect(world.observed.deployment?.version).toBe('1.1.0');
});

it('an annotation on the Deployment is no rollout', () => {
  const world = automatic();
  const { updatedAt } = world.status;
  world.pass(HOUR);
  see(world, {
    generation: world.observed.deployment!.generation + 1,
    changed: { manager: 'kubectl-annotate', paths: [['metadata', 'annotations', 'note']] },
  });
  world.settle();
  expect(world.ready()).toBe('True UpToDate');
  world.rollOut();
  world.settle();
  expect(world.status.updatedAt).toBe(updatedAt);
});

it('a heal is waited for, whatever the counts still say of the pods that somebody made', () => {
  const world = automatic();
  drift(world);
  world.settle();
  expect(world.observed.deployment?.changed).toBeUndefined();
  expect(world.ready()).toBe('Unknown RollingOut');
});

it('pods that an autoscaler adds make nothing less ready, and the Deployment alone says what is available', () => {
  const world = new World(catalogueOf({ versions: [release('1.0.0')], tiers: { standard: {} } }), {});
  world.converge();
  for (const more of [
    {
      generation: world.observed.deployment!.generation + 1,
      replicas: 5,
      changed: { manager: 'kube-controller-manager', paths: [['spec', 'replicas']] },
    },
    { observedGeneration: world.observed.deployment!.generation + 1, total: 5, updated: 5 },
    { available: 5 },
  ]) {
    see(world, more);
    world.settle();
    expect([world.ready(), condition(world, 'Available')?.startsWith('True')]).toEqual([
      'True UpToDate',
      more.available === 5,
    ]);
  }
});

it('drift and a lost Service are healed while a change of the tier table waits for its turn', () => {
  const world = new World(catalogue('1.0.0'), {});
  world.converge();
  world.observed = { ...world.observed, slot: 'queued', service: undefined };
  changeTier(world, 3);
  world.settle();
  expect(world.observed.service).toBeDefined();
});

const edited = (upgrade: object) => {
  const world = new World(catalogue('1.0.0'), { config: { A: '1' }, upgrade });
  world.converge();
  world.edit({ config: { A: '2' } });
  world.settle();
  return world;
};

it.each<[string, string, () => World]>([
  ['of a first install', 'False InstallFailed', () => new World(catalogue('1.0.0'))],
  ['of an edit where rollback is off', 'False RolloutFailed', () => edited({ rollback: { enabled: false } })],
  [
    'of an edit whose records are gone, so that nobody knows of anything that ran well',
    'False InstallFailed',
    () => {
      const world = edited({});
      world.observed = { ...world.observed, revisions: [] };
      return world;
    },
  ],
  [
    'of the way back',
    'False RollbackFailed',
    () => {
      const world = edited({});
      fail(world);
      const { generation } = world.observed.deployment!;
      see(world, { observedGeneration: generation, total: 3, updated: 1, available: 0 });
      return world;
    },
  ],
])('a crash loop %s does not flap', (_, ready, begin) => {
  const world = begin();
  world.settle();
  const seen = new Set<string>();
  for (let i = 0; i < 6; i += 1) {
    // The container runs for a while between two crashes. Finally the deadline passes as well.
    world.pass(200_000);
    world.pod({ restarts: 3 + i, waiting: i % 2 ? undefined : { reason: 'CrashLoopBackOff', message: '' } });
    world.settle();
    seen.add(`${world.ready()}: ${world.status.conditions?.find((c) => c.type === 'Ready')?.message}`);
  }
  expect([...seen]).toEqual([expect.stringContaining(ready)]);
});

it.each<[string, RegExp, () => World]>([
  ['a first install', /installing 1\.0\.0 failed/, () => new World(catalogue('1.0.0'))],
  ['an edit where rollback is off', /changed settings .* failed/, () => edited({ rollback: { enabled: false } })],
  [
    'the way back',
    /going back to 1\.0\.0 failed/,
    () => {
      const world = edited({});
      fail(world);
      return world;
    },
  ],
])('what is suspended needs nobody when %s fails, and says what was seen', (_, message, begin) => {
  const world = begin();
  world.settle();
  world.edit({ suspend: true });
  world.settle();
  fail(world);
  // No pod serves: only then is a way back given up.
  see(world, { available: 0 });
  world.settle();

  expect([condition(world, 'Ready'), condition(world, 'Stalled')]).toEqual(['False Suspended', undefined]);
  expect(world.status.conditions?.find((c) => c.type === 'Ready')?.message).toMatch(message);
});

it.each<[string, () => World]>([
  ['a first install', () => new World(catalogue('1.0.0'))],
  ['an edit where rollback is off', () => edited({ rollback: { enabled: false } })],
  [
    'the way back of automation',
    () => {
      const world = automatic();
      publishBad(world);
      fail(world);
      return world;
    },
  ],
])('a retry of %s that failed is not called handled until its pods come', (_, begin) => {
  const world = begin();
  world.settle();
  fail(world);
  see(world, { available: 0 });
  world.settle();
  world.journal.length = 0;
  world.retry('today');
  world.settle();
  expect([world.status.lastHandledRetry, world.journal]).toEqual([undefined, []]);

  world.observed = { ...world.observed, pods: [] };
  world.rollOut();
  world.settle();
  expect([world.status.lastHandledRetry, condition(world, 'Stalled')]).toEqual(['today', undefined]);
});

it('UpgradeHealthy still tells of the failure while configFrom cannot be read', () => {
  const world = automatic();
  publishBad(world);
  goBack(world);
  world.edit({ configFrom: [{ name: 'B', configMapKeyRef: { name: 'x', key: 'y' } }] });
  world.settle();
  expect(condition(world, 'UpgradeHealthy')).toBe('False RolledBack');
});

it('UpgradeHealthy survives a refused write', () => {
  const world = heldWish();
  drift(world);
  expect(refuse(world)).toBeUndefined();
  expect(world.ready()).toBe('False Rejected');
  expect(condition(world, 'UpgradeHealthy')).toBe('False RolledBack');
});

it('the image of the release is remembered, not what somebody made of it', () => {
  const world = automatic();
  publishBad(world);
  world.tamper('kubectl-set', 'spec.template.spec.containers.provider.image');
  world.pod({});
  world.fail();
  world.reconcile();
  world.rollOut();
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
  expect(world.status.failedVersions).toMatchObject([{ image: 'registry.example.com/acme/web:1.1.0' }]);
});

it('a downgrade that failed is retried as promised', () => {
  const world = new World(catalogue('1.0.0', '1.0.1'), { version: '1.0.1' });
  world.converge();
  world.edit({ version: '1.0.0', upgrade: { allowDowngradeTo: '1.0.0' } });
  world.settle();
  goBack(world);
  world.retry('1');
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('a memory that somebody edited is read entry by entry', () => {
  const good = {
    version: '1.1.0',
    image: 'a:1',
    reason: 'CrashLoop',
    message: '',
    at: '2026-01-01T00:00:00Z',
    attempts: 1,
  };
  const edited = [{ ...good, version: 'latest' }, good, { ...good, at: 'yesterday' }, { ...good, attempts: 100 }, 'x'];

  expect(parseFailures(JSON.stringify(edited))).toEqual([good]);
  expect(parseFailures('{}')).toEqual([]);
  expect(parseFailures('nonsense')).toEqual([]);
});

it('the record of what runs is gone while a wish is held, and the Deployment is damaged: its version is rolled out as published', () => {
  const world = heldWish();
  world.observed = { ...world.observed, revisions: world.observed.revisions.filter(({ number }) => number !== 1) };
  drift(world);
  world.converge();
  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'False RolledBack']);
});

it('attempts of one version are one entry', () => {
  const world = automatic();
  publishBad(world);
  goBack(world);
  world.edit({ upgradePolicy: 'manual', version: '1.1.0' });
  world.settle();
  goBack(world);
  expect(world.status.failedVersions).toHaveLength(1);
});

it.each<[string, (deployment: DeploymentView) => Partial<DeploymentView>]>([
  ['label', ({ owned }) => ({ record: undefined, owned: `stripped.${owned.split('.')[1]}` })],
  ['annotation of the template', () => ({ template: 'inputs', owned: 'stripped.stripped' })],
])('a webhook that strips the %s …/rollout causes no endless writes', (_, strip) => {
  const world = automatic();
  for (let i = 0; i < 5; i += 1) {
    see(world, strip(world.observed.deployment!));
    world.reconcile();
  }
  expect(world.state.records.map(({ number }) => number)).toEqual([1]);

  world.converge();
  world.publish(catalogue('1.0.0', '1.1.0'));
  for (let i = 0; i < 5; i += 1) {
    world.reconcile();
    see(world, strip(world.observed.deployment!));
  }
  expect(world.state.records.map(({ number }) => number)).toEqual([2, 1]);
});

it('a Deployment that admission refuses is tried again later, and what runs stays Ready', () => {
  const world = automatic();
  world.publish(catalogue('1.0.0', '1.1.0'));
  refuse(world);
  world.settle();

  expect([world.observed.deployment?.version, world.ready()]).toEqual(['1.0.0', 'True UpgradeAvailable']);
  expect(world.status.failedVersions).toMatchObject([{ version: '1.1.0', reason: 'Refused', attempts: 1 }]);
  world.pass(6 * HOUR);
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.1.0');
});

it('two failures in a row bar automation, and nobody who asks for the newest', () => {
  const world = automatic();
  for (const releases of [
    ['1.0.0', '1.1.0'],
    ['1.0.0', '1.1.0', '1.3.0'],
  ]) {
    world.publish(catalogue(...releases));
    world.settle();
    goBack(world);
  }
  world.publish(catalogue('1.0.0', '1.1.0', '1.2.0', '1.3.0'));
  world.settle();

  const told = world.status.updateCandidates?.map(({ version, takeable, blockedBy }) => [version, takeable, blockedBy]);
  expect(told).toEqual([
    ['1.2.0', true, ['PreviouslyFailed']],
    ['1.3.0', false, ['PreviouslyFailed']],
    ['1.1.0', false, ['PreviouslyFailed']],
  ]);
});

it('what runs was yanked: a deprecated one is better', () => {
  const world = automatic();
  const yanked = release('1.0.0', { lifecycle: { stage: 'yanked' } });
  world.publish(catalogue(yanked, release('1.1.0', { lifecycle: { stage: 'deprecated' } })));
  world.settle();

  expect(world.observed.deployment?.version).toBe('1.1.0');
});

it('a path to what somebody named rests on no preview, prerelease or skipped one where another is as short', () => {
  const preview = release('1.6.0', { lifecycle: { stage: 'preview' } });
  const goal = release('2.0.0', { upgradesFrom: '>=1.5.0' });
  const all = catalogue('1.0.0', '1.5.0', preview, '1.7.0-rc.1', '1.8.0', goal);
  const world = new World(all, { version: '1.0.0', upgrade: { skipVersions: ['1.8.0'] } });
  world.converge();
  world.edit({ version: '2.0.0' });
  world.settle();

  expect(world.status.pendingUpgrade?.path).toEqual(['1.5.0', '2.0.0']);
});

it('an automatic rollout is stopped by the version that ran, together with manual', () => {
  const world = automatic();
  publishBad(world);
  world.edit({ version: '1.0.0' });
  world.settle();
  expect(world.observed.deployment?.version, 'a floor below asks for nothing').toBe('1.1.0');
  world.edit({ upgradePolicy: 'manual' });
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.0.0');
});

it('who is queued behind a newest release that soaks stays in the line of the fleet', () => {
  const world = automatic({ upgrade: { minReleaseAge: '1h' } });
  const firstSeen = { '1.1.0': '2025-12-01T00:00:00Z', '1.2.0': '2026-01-01T00:00:00Z' };
  world.observed = { ...world.observed, slot: 'queued', firstSeen };
  world.publish(catalogue('1.0.0', '1.1.0', '1.2.0'));
  const { isQueued } = world.reconcile();

  expect([isQueued, world.status.pendingUpgrade]).toMatchObject([true, { version: '1.2.0', reason: 'Soaking' }]);
});

it('who is queued behind a newest release that failed and is tried again later stays in the line, too', () => {
  const world = automatic();
  world.publish(catalogue('1.0.0', '1.2.0'));
  world.settle();
  world.pod({ hasStarted: false });
  world.fail();
  world.settle();
  world.rollOut();
  world.observed = { ...world.observed, pods: [], slot: 'queued' };
  world.settle();
  world.publish(catalogue('1.0.0', '1.1.0', '1.2.0'));
  const { isQueued } = world.reconcile();

  expect([isQueued, world.status.pendingUpgrade]).toMatchObject([
    true,
    { version: '1.2.0', reason: 'PreviouslyFailed' },
  ]);
});

it('a Deployment that admission refuses is tried as seldom where an old retry annotation is there', () => {
  const world = automatic();
  world.retry('last week');
  world.settle();
  world.publish(catalogue('1.0.0', '1.1.0'));
  refuse(world);
  world.settle();

  expect(world.observed.deployment?.version).toBe('1.0.0');
  world.retry('today');
  world.settle();
  expect(world.observed.deployment?.version).toBe('1.1.0');
});

it('what crashed is not rolled out again because its Deployment was deleted, whatever was retried before', () => {
  const world = automatic();
  world.retry('last week');
  publishBad(world);
  goBack(world);
  world.deleteDeployment();
  world.converge();

  expect(world.observed.deployment?.version).toBe('1.0.0');
  expect(world.status.failedVersions).toMatchObject([{ version: '1.1.0', retries: ['last week'] }]);
});

it('a tier that admission refuses is tried again later, and what runs stays Ready', () => {
  const world = automatic();
  changeTier(world, 3);
  refuse(world);
  world.settle();

  expect([world.observed.deployment?.replicas, world.ready()]).toEqual([2, 'True UpToDate']);
  expect(world.status.conditions?.find((c) => c.type === 'UpgradeHealthy')).toMatchObject({
    status: 'False',
    reason: 'Refused',
    message: 'Rolling out the changed settings of 1.0.0 failed: denied by policy',
  });
  expect(world.status.failedVersions, 'the release is not to blame').toBeUndefined();
  expect(plan(world.observed, world.now).requeueAfterMs).toBe(6 * HOUR);
  world.pass(6 * HOUR);
  refuse(world);
  expect(world.state.records[0]?.mark.failure?.attempts).toBe(2);
  world.settle();
  expect(world.ready()).toBe('True UpToDate');
  world.pass(12 * HOUR);
  world.converge();
  expect([world.observed.deployment?.replicas, condition(world, 'UpgradeHealthy')]).toEqual([3, 'True Succeeded']);
});

it.each<[string, (world: World) => void]>([
  ['the platform corrects it', (world) => changeTier(world, 4)],
  ['somebody says so', (world) => world.retry('now')],
  ['the spec asks for more', (world) => world.edit({ config: { A: '1' } })],
])('a tier that admission refused is tried again at once where %s', (_, act) => {
  const world = automatic();
  changeTier(world, 3);
  refuse(world);
  world.settle();
  world.journal.length = 0;
  act(world);
  world.settle();
  expect(world.journal).toContain('apply Deployment');
});

it('a tier that admission refuses holds nothing where nothing ran well before', () => {
  const world = new World(catalogue('1.0.0'));
  world.settle();
  changeTier(world, 3);
  expect(refuse(world)).toBeUndefined();
  expect(world.ready()).toBe('False Rejected');
});

it('a tier that admission refused is forgotten once another release runs', () => {
  const world = automatic();
  changeTier(world, 3);
  refuse(world);
  world.settle();
  world.edit({ version: '1.1.0' });
  world.publish(catalogue('1.0.0', '1.1.0'));
  world.converge();
  world.edit({ version: undefined });
  world.settle();
  expect([world.observed.deployment?.version, world.status.failedVersions]).toEqual(['1.1.0', undefined]);
});

it('a first install on system software that fails counts once, however often it is looked at', () => {
  const needs = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '*' }] });
  const world = new World(catalogue(needs), {}, [software('php', '8.2.0')]);
  world.settle();
  fail(world);
  world.pass(HOUR);
  world.settle();

  expect(world.ready()).toBe('False InstallFailed');
  expect(world.status.failedVersions).toMatchObject([{ version: '1.0.0', attempts: 1 }]);
});

it('a tier table brings no new pods to what has an image that is not allowed any more', () => {
  const world = new World(catalogue('1.0.0'), {});
  world.converge();
  const allowedImagePrefixes = ['other.example.com'];
  world.observed = {
    ...world.observed,
    config: { ...config, allowedImagePrefixes, tiers: { standard: { replicas: 3 } } },
  };
  world.settle();
  expect(world.head?.image).toBe('registry.example.com/acme/web:1.0.0');
  expect(world.observed.deployment?.replicas).toBe(2);
  expect(world.ready()).toBe('True UpToDate');
  expect(condition(world, 'UpdateAvailable')).toBe('Unknown CatalogueUnavailable');
});

it('what ran is restored from its record, whatever is published as its version by now', () => {
  const world = automatic();
  publishBad(world);
  goBack(world);
  world.publish(catalogue(release('1.0.0', { image: 'x/y:other' }), '1.1.0'));
  world.settle();
  world.pass(HOUR);
  world.tamper('kubectl', 'spec.template');
  world.settle();
  expect(world.observed.deployment?.changed).toBeUndefined();
  expect(world.ready()).toBe('Unknown RollingOut');
});

it('a Service is made anew from the record, whatever became of the Provider', () => {
  const world = new World(catalogue('1.0.0'), {});
  world.converge();
  world.publish(undefined);
  world.observed = { ...world.observed, service: undefined };
  world.settle();
  expect([world.observed.service?.ports.length, world.ready()]).toEqual([1, 'True UpToDate']);
});

it('the version before is known by the records when the status is lost, also after an edit', () => {
  const world = new World(catalogue('1.0.0', '1.1.0'), { version: '1.0.0' });
  world.converge();
  world.edit({ version: '1.1.0' });
  world.converge();
  world.edit({ config: { A: 'b' } });
  world.converge();
  const before = world.status;
  world.loseStatus();
  world.settle();
  expect([before.currentVersion, before.previousVersion]).toEqual(['1.1.0', '1.0.0']);
  expect(world.status).toMatchObject({ currentVersion: '1.1.0', previousVersion: '1.0.0' });
});
