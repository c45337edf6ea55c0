import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../src/api/conditions.ts';
import { readiness, stalled, waiting } from '../../../../src/plan/tell/readiness.ts';
import { failureBehind, upgradeHealth, whatFailed } from '../../../../src/plan/tell/upgrade-health.ts';
import { catalogue, release, shelf, software } from '../../../support/builders.ts';
import {
  ANNOTATED,
  at,
  BEGINNING,
  clock,
  CRASHING,
  deployment,
  edited,
  failed,
  failureOf,
  findings,
  MIDWAY,
  ofAnother,
  pod,
  proven,
  record,
  refused,
  service,
  superseded,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

const [done1, done2, open2] = [proven(1), proven(2), record(2)];
const running = (of: typeof done1, more: Parameters<typeof deployment>[1] = {}) => ({
  deployment: deployment(of, more),
  service: service(of),
});
const back = { ...MIDWAY, appliedAt: at('02:11') };
const to = (version: string, more: Pieces['spec'] = {}) => ({ spec: { version, ...more } });
const only = (...versions: string[]) => ({ catalogue: catalogue(...versions) });

/** `Ready` as `True UpToDate`, with the type of its companion, if any: `Unknown RollingOut (Reconciling)`. */
function inWords(verdicts: readonly Verdict[]): string {
  const [ready, companion, ...more] = verdicts;
  expect(ready?.type).toBe('Ready');
  expect(more).toEqual([]);
  // The companion of `Ready` has the same reason and message.
  expect(companion === undefined || (companion.reason === ready?.reason && companion.message === ready.message)).toBe(
    true,
  );
  return `${ready?.status} ${ready?.reason}${companion === undefined ? '' : ` (${companion.type})`}`;
}

const DEADLINE = 'the new pods were not available within 600 s';

describe('ready:', () => {
  it.each<[string, Pieces, string, string]>([
    [
      'the newest runs',
      { records: [done1], ...running(done1), ...only('1.0.0'), ...to('1.0.0') },
      'True UpToDate',
      'Runs 1.0.0',
    ],
    [
      'something newer is published',
      { records: [done1], ...running(done1), ...only('1.0.0', '1.1.0'), ...to('1.0.0') },
      'True UpgradeAvailable',
      'Runs 1.0.0; 1.1.0 is published',
    ],
    [
      'something newer is published, which failed here',
      {
        records: [done1, failed(2, { trigger: 'Policy', mark: { failure: failureOf(open2, { wish: undefined }) } })],
        ...running(done1),
        ...only('1.0.0', '1.1.0'),
        spec: { upgradePolicy: 'auto' },
      },
      'True UpgradeAvailable',
      'Runs 1.0.0; 1.1.0 failed here and was taken back',
    ],
    [
      'it is suspended',
      { records: [done1], ...running(done1), ...only('1.0.0'), ...to('1.0.0', { suspend: true }) },
      'True UpToDate',
      'Runs 1.0.0, suspended',
    ],
    [
      'it is suspended, and something newer is published',
      { records: [done1], ...running(done1), ...only('1.0.0', '1.1.0'), ...to('1.0.0', { suspend: true }) },
      'True UpgradeAvailable',
      'Runs 1.0.0, suspended; 1.1.0 is published',
    ],
    [
      'what runs was yanked',
      {
        records: [done1],
        ...running(done1),
        catalogue: catalogue(release('1.0.0', { lifecycle: { stage: 'yanked', message: 'loses data' } })),
        ...to('1.0.0'),
      },
      'True UpToDate',
      'Runs 1.0.0, which was yanked (loses data): choose another version',
    ],
    [
      'somebody annotated it',
      { records: [done1], ...running(done1, ANNOTATED), ...only('1.0.0'), ...to('1.0.0'), writtenGeneration: 8 },
      'True UpToDate',
      'Runs 1.0.0',
    ],
    [
      'it is done by this look',
      { records: [done1, open2], ...running(open2), ...only('1.0.0', '1.1.0'), ...to('1.1.0'), now: '02:03' },
      'True UpToDate',
      'Runs 1.1.0',
    ],
    [
      'the way back has arrived, and nobody asks for what failed any more',
      {
        records: [done1, failed(2)],
        ...running(done1, { appliedAt: at('02:11') }),
        ...only('1.0.0'),
        ...to('1.0.0'),
        now: '02:12',
      },
      'True UpToDate',
      'Runs 1.0.0',
    ],
  ])('%s', (_, pieces, verdict, message) => {
    const verdicts = readiness(findings(pieces));
    expect(inWords(verdicts)).toBe(verdict);
    expect(verdicts[0]?.message).toBe(message);
  });
});

describe('at work:', () => {
  const php = { systemSoftwareDependencies: [{ name: 'php', range: '>=8' }] };

  it.each<[string, Pieces, string, string]>([
    ['a first install begins', { ...to('1.0.0') }, 'Unknown RollingOut (Reconciling)', 'Installing 1.0.0'],
    [
      'a first install is under way',
      { records: [record(1)], ...running(record(1), BEGINNING), ...to('1.0.0'), now: '01:01' },
      'Unknown RollingOut (Reconciling)',
      'Installing 1.0.0',
    ],
    [
      'an upgrade begins',
      { records: [done1], ...running(done1), ...to('1.1.0') },
      'Unknown RollingOut (Reconciling)',
      'Moving from 1.0.0 to 1.1.0',
    ],
    [
      'an upgrade is under way',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:01' },
      'Unknown RollingOut (Reconciling)',
      'Moving from 1.0.0 to 1.1.0',
    ],
    [
      'settings change',
      { records: [done1], ...running(done1), ...to('1.0.0', { config: { A: 'b' } }) },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'what was done is restarted by hand',
      { records: [done1], ...running(done1, MIDWAY), ...to('1.0.0') },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'system software moves',
      {
        records: [
          proven(1, { release: release('1.0.0', php), software: 'php=8.2.0' }),
          record(2, {
            version: '1.0.0',
            release: release('1.0.0', php),
            software: 'php=8.3.0',
            trigger: 'SystemSoftware',
          }),
        ],
        ...running(record(2, { version: '1.0.0', release: release('1.0.0', php), software: 'php=8.3.0' }), MIDWAY),
        catalogue: catalogue(release('1.0.0', php)),
        software: shelf(software('php', '8.2.0', '8.3.0')),
        ...to('1.0.0'),
        now: '02:01',
      },
      'Unknown RollingOut (Reconciling)',
      'Moving 1.0.0 to php 8.3.0',
    ],
    [
      'it failed, and goes back',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' },
      'Unknown RollingBack (Reconciling)',
      `Going back to 1.0.0: rolling out 1.1.0 failed, ${DEADLINE}`,
    ],
    [
      'it is on its way back',
      { records: [done1, failed(2)], ...running(done1, back), ...to('1.1.0'), now: '02:12' },
      'Unknown RollingBack (Reconciling)',
      'Going back to 1.0.0: rolling out 1.1.0 failed, it crashed',
    ],
    [
      'nobody asks any more for what failed, as it goes back',
      { records: [done1, failed(2)], ...running(done1, back), ...to('1.0.0'), now: '02:12' },
      'Unknown RollingBack (Reconciling)',
      'Going back to 1.0.0',
    ],
    [
      'it is cancelled',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.0.0'), now: '02:04' },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'it was cancelled, and is on its way',
      {
        records: [done1, superseded(2)],
        ...running(done1, { ...back, appliedAt: at('02:05') }),
        ...to('1.0.0'),
        now: '02:06',
      },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'it was deleted',
      { records: [done1], ...to('1.0.0') },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'it was deleted in the midst of a rollout, and comes back: nobody asked for that',
      {
        records: [done1, superseded(2, { mark: { why: 'The Deployment was deleted' } })],
        ...running(done1, { ...BEGINNING, appliedAt: at('02:06') }),
        ...to('1.1.0'),
        now: '02:06',
      },
      'Unknown RollingBack (Reconciling)',
      'Going back to 1.0.0',
    ],
    [
      'it was deleted in the midst of a rollout',
      { records: [done1, open2], ...to('1.1.0') },
      'Unknown RollingBack (Reconciling)',
      'Going back to 1.0.0',
    ],
    [
      'an older one is back',
      { records: [done1, done2], ...running(done1), ...to('1.1.0') },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.1.0 to what the spec asks for',
    ],
    [
      'somebody undid what was done',
      { records: [done1, done2], ...running(done2, undoneTo(done1)), ...to('1.1.0') },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.1.0 to what the spec asks for',
    ],
    [
      'somebody changed it',
      { records: [done1], ...running(done1, edited()), ...to('1.0.0') },
      'Unknown RollingOut (Reconciling)',
      'Bringing 1.0.0 to what the spec asks for',
    ],
    [
      'pods became unavailable, and nobody knows why',
      { records: [done1], ...running(done1, { available: 1, unavailableSince: at('11:55') }), ...to('1.0.0') },
      'False Unavailable (Reconciling)',
      'Kubernetes is bringing back pods of 1.0.0 that became unavailable',
    ],
    [
      'pods became unavailable because they crash',
      {
        records: [done1],
        ...running(done1, { available: 1, unavailableSince: at('11:55') }),
        ...to('1.0.0'),
        pods: [pod(done1, { ...CRASHING, exit: { container: 'provider', code: 137, reason: 'OOMKilled' } })],
      },
      'False Unavailable (Reconciling)',
      'Kubernetes is bringing back pods of 1.0.0 that became unavailable (a container waits: CrashLoopBackOff, last with exit code 137 (OOMKilled))',
    ],
    [
      'two heals in a row did not hold',
      {
        records: [done1],
        ...running(done1, edited('hpa')),
        ...to('1.0.0'),
        heals: {
          Deployment: { count: 3, burst: 3, culprit: 'spec.replicas was changed by "hpa"', lastAt: clock('11:59') },
        },
      },
      'False Drifted (Reconciling)',
      'spec.replicas was changed by "hpa", and undoing it did not last: stop that, it is undone again later',
    ],
    [
      'its Deployment of before is being removed',
      { deployment: ofAnother(deployment(done1)), ...to('1.0.0') },
      'False WaitingForGarbageCollection (Reconciling)',
      'Deployment "web" is being removed, it comes back after that',
    ],
    [
      'what Git has not delivered yet is waited for, for a minute',
      { catalogue: undefined, ...to('1.0.0') },
      'False ProviderNotFound (Reconciling)',
      expect.stringContaining('acme/web'),
    ],
  ])('%s', (_, pieces, verdict, message) => {
    const verdicts = readiness(findings(pieces));
    expect(inWords(verdicts)).toBe(verdict);
    expect(verdicts[0]?.message).toEqual(message);
  });
});

describe('a person must act:', () => {
  const held = {
    records: [done1, failed(2, { spec: { version: '1.1.0' } })],
    ...running(done1, { appliedAt: at('02:11') }),
    ...to('1.1.0'),
  };
  const again = 'kubectl -n shop annotate pi web provider-operator.io/retry=$(date +%s) --overwrite';
  const look = 'kubectl -n shop describe pods -l provider-operator.io/installation=web';
  const off = { upgrade: { rollback: { enabled: false } } };

  it.each<[string, Pieces, string, string]>([
    [
      'pods became unavailable, and stay so',
      { records: [done1], ...running(done1, { available: 0, unavailableSince: at('11:50') }), ...to('1.0.0') },
      'False Unavailable (Stalled)',
      'Look at the pods of 1.0.0, they became unavailable and did not come back: kubectl -n shop describe pods -l provider-operator.io/installation=web',
    ],
    [
      'what the spec asks for failed, and what ran before is back',
      held,
      'False RolledBack (Stalled)',
      `Set version 1.0.0 to stay, or another one: rolling out 1.1.0 failed, it crashed, and 1.0.0 runs as before. To try the same again: ${again}`,
    ],
    [
      'the same, and it is tried again by itself',
      { ...held, records: [done1, failed(2, { mark: { failure: failureOf(open2, { retryAfter: at('18:00') }) } })] },
      'False RolledBack (Stalled)',
      `Set version 1.0.0 to stay, or another one: rolling out 1.1.0 failed, it crashed, and 1.0.0 runs as before. It is tried again later, or at once with: ${again}`,
    ],
    [
      'the settings that the spec asks for failed',
      {
        records: [done1, failed(2, { version: '1.0.0', spec: { config: { A: 'b' } } })],
        ...running(done1, { appliedAt: at('02:11') }),
        ...to('1.0.0', { config: { A: 'b' } }),
      },
      'False RolledBack (Stalled)',
      `Undo what you changed of 1.0.0: rolling out the changed settings of 1.0.0 failed, it crashed, and 1.0.0 runs as before. To try the same again: ${again}`,
    ],
    [
      'what was yanked cannot be tried again',
      {
        ...held,
        records: [
          done1,
          failed(2, { mark: { failure: failureOf(open2, { reason: 'Yanked', message: 'it was yanked meanwhile' }) } }),
        ],
      },
      'False RolledBack (Stalled)',
      'Set version 1.0.0 to stay, or another one: rolling out 1.1.0 failed, it was yanked meanwhile, and 1.0.0 runs as before',
    ],
    [
      'the way back failed, too',
      { records: [done1, failed(2)], ...running(done1, back), ...to('1.1.0'), now: '02:40' },
      'False RollbackFailed (Stalled)',
      `Look at the pods, going back to 1.0.0 failed, ${DEADLINE}, and nothing more is tried: ${look}`,
    ],
    [
      'a first install failed',
      {
        records: [record(1)],
        ...running(record(1), { ...BEGINNING, total: 2, updated: 2 }),
        ...to('1.0.0'),
        now: '01:10',
      },
      'False InstallFailed (Stalled)',
      `Set another version or correct the spec, installing 1.0.0 failed, ${DEADLINE}: see why with ${look}`,
    ],
    [
      'a rollout failed, and going back is switched off',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0', off), now: '02:10' },
      'False RolloutFailed (Stalled)',
      `Rolling out 1.1.0 failed, the pods of 1.0.0 go on serving, ${DEADLINE}: see why with ${look}`,
    ],
    [
      'settings failed, and going back is switched off',
      {
        records: [done1, record(2, { version: '1.0.0', spec: { config: { A: 'b' } } })],
        ...running(record(2, { version: '1.0.0', spec: { config: { A: 'b' } } }), MIDWAY),
        ...to('1.0.0', { ...off, config: { A: 'b' } }),
        now: '02:10',
      },
      'False RolloutFailed (Stalled)',
      `Rolling out the changed settings of 1.0.0 failed, the pods with the former ones go on serving, ${DEADLINE}: see why with ${look}`,
    ],
    [
      'somebody paused it',
      { records: [done1, open2], ...running(open2, { ...MIDWAY, paused: true }), ...to('1.1.0'), now: '02:01' },
      'False Paused (Stalled)',
      'Resume the Deployment, somebody paused it: kubectl -n shop rollout resume deployment/web',
    ],
    [
      'its name belongs to somebody else',
      { deployment: deployment({ ...done1, owner: undefined }, { adoptable: false }), ...to('1.0.0') },
      'False NameConflict (Stalled)',
      'Deployment "web" belongs to somebody else and is left alone: delete it, or install under another name',
    ],
    [
      // kubernetes-sigs/mcp-lifecycle-operator#85
      'its name belongs to another provider, whose installation left its Deployment behind',
      { deployment: deployment({ ...done1, owner: undefined }, { provider: 'acme/db' }), ...to('1.0.0') },
      'False NameConflict (Stalled)',
      'Deployment "web" belongs to an installation of "acme/db" that was deleted and is left alone: delete it, or install under another name',
    ],
    [
      'its spec was stored before it was forbidden',
      { ...to('1.0.0'), installation: { invalid: 'config: too long' } },
      'False InvalidSpec (Stalled)',
      'Correct the spec: config: too long',
    ],
    [
      'what Git did not deliver within a minute',
      {
        catalogue: undefined,
        ...to('1.0.0'),
        installation: {
          status: {
            conditions: [
              {
                type: 'Reconciling',
                status: 'True',
                reason: 'ProviderNotFound',
                message: '',
                observedGeneration: 1,
                lastTransitionTime: at('11:59'),
              },
            ],
          },
        },
      },
      'False ProviderNotFound (Stalled)',
      expect.stringContaining('acme/web'),
    ],
  ])('%s', (_, pieces, verdict, message) => {
    const verdicts = readiness(findings(pieces));
    expect(inWords(verdicts)).toBe(verdict);
    expect(verdicts[0]?.message).toEqual(message);
  });
});

describe('suspended, a person has said that nothing is to happen:', () => {
  const suspended = (version: string, more: Pieces['spec'] = {}) => to(version, { suspend: true, ...more });

  it.each<[string, Pieces, string]>([
    [
      'it would be rolled out',
      { records: [done1], ...running(done1), ...suspended('1.1.0') },
      'Set suspend to false to roll out 1.1.0: nothing is changed while it is true',
    ],
    [
      'nothing is there yet',
      { ...suspended('1.0.0') },
      'Set suspend to false to roll out 1.0.0: nothing is changed while it is true',
    ],
    [
      'somebody changed it',
      { records: [done1], ...running(done1, edited()), ...suspended('1.0.0') },
      'Set suspend to false to restore 1.0.0: somebody changed its Deployment',
    ],
    [
      'its spec cannot be read',
      { ...suspended('1.0.0'), installation: { invalid: 'config: too long' } },
      'Correct the spec: config: too long',
    ],
    [
      'a rollout failed, and going back is switched off',
      {
        records: [done1, open2],
        ...running(open2, MIDWAY),
        ...suspended('1.1.0', { upgrade: { rollback: { enabled: false } } }),
        now: '02:10',
      },
      `Rolling out 1.1.0 failed, the pods of 1.0.0 go on serving, ${DEADLINE}: see why with kubectl -n shop describe pods -l provider-operator.io/installation=web`,
    ],
    [
      'what the spec asks for failed, and what ran before is back',
      {
        records: [done1, failed(2, { spec: { version: '1.1.0' } })],
        ...running(done1, { appliedAt: at('02:11') }),
        ...suspended('1.1.0'),
      },
      'Set suspend to false to go on, 1.0.0 runs: rolling out 1.1.0 failed, it crashed',
    ],
  ])('%s', (_, pieces, message) => {
    expect(readiness(findings(pieces))).toEqual([{ type: 'Ready', status: 'False', reason: 'Suspended', message }]);
  });
});

it('is told by its companion what kstatus makes of it', () => {
  expect(inWords(stalled('Paused', 'x'))).toBe('False Paused (Stalled)');
  expect(inWords(waiting('Unknown', 'RollingOut', 'x'))).toBe('Unknown RollingOut (Reconciling)');
});

describe('whether what was tried last is what runs:', () => {
  const arrived = running(done1, { appliedAt: at('02:11') });
  const before = (status: 'True' | 'False', reason: string): Pieces['installation'] => ({
    status: {
      conditions: [{ type: 'UpgradeHealthy', status, reason, message: 'as before', lastTransitionTime: at('01:00') }],
    },
  });
  const failedByWish = failed(2, { spec: { version: '1.1.0' } });

  it.each<[string, Pieces, string | undefined]>([
    ['nothing is said before anything fails', { records: [done1], ...running(done1), ...to('1.0.0') }, undefined],
    [
      'it failed, and goes back',
      { records: [done1, open2], ...running(open2, MIDWAY), ...to('1.1.0'), now: '02:10' },
      `False RolledBack: Rolling out 1.1.0 failed: ${DEADLINE}`,
    ],
    [
      'it is on its way back',
      { records: [done1, failedByWish], ...running(done1, back), ...to('1.1.0'), now: '02:12' },
      'False RolledBack: Rolling out 1.1.0 failed: it crashed',
    ],
    [
      'the way back failed, too',
      { records: [done1, failedByWish], ...running(done1, back), ...to('1.1.0'), now: '02:40' },
      'False RollbackFailed: Rolling out 1.1.0 failed: it crashed',
    ],
    [
      'it is back, and asked for still',
      { records: [done1, failedByWish], ...arrived, ...to('1.1.0') },
      'False RolledBack: Rolling out 1.1.0 failed: it crashed',
    ],
    [
      'it is back, and nobody asks for it any more',
      { records: [done1, failedByWish], ...arrived, ...to('1.0.0') },
      'True Withdrawn: What failed is not asked for any more',
    ],
    [
      'it was cancelled, which is no failure',
      { records: [done1, superseded(2)], ...running(done1, { appliedAt: at('02:05') }), ...to('1.0.0') },
      undefined,
    ],
    [
      'the API server refused what is asked for still: nothing went back from it',
      {
        records: [
          done1,
          refused(2, {
            trigger: 'Tier',
            version: '1.0.0',
            mark: { failure: failureOf(record(2, { version: '1.0.0' }), { reason: 'Refused' }) },
          }),
        ],
        ...running(done1),
        ...to('1.0.0'),
      },
      'False Refused: Rolling out the changed settings of 1.0.0 failed: it crashed',
    ],
    [
      'the API server refused what nobody asks for',
      { records: [done1, refused(2)], ...running(done1), ...to('1.0.0') },
      undefined,
    ],
    [
      'another one is tried',
      {
        records: [done1, failedByWish, record(3, { isMending: true, failures: [failureOf(open2)] })],
        ...running(record(3), MIDWAY),
        ...to('1.2.0'),
        now: '03:01',
      },
      'False RolledBack: Rolling out 1.1.0 failed: it crashed',
    ],
    [
      'another one is done',
      { records: [done1, failedByWish, proven(3, { isMending: true })], ...running(proven(3)), ...to('1.2.0') },
      'True Succeeded: The last rollout succeeded',
    ],
    [
      'what the status said is not believed',
      { records: [done1], ...running(done1, MIDWAY), ...to('1.0.0'), installation: before('True', 'Succeeded') },
      undefined,
    ],
  ])('%s', (_, pieces, expected) => {
    const [verdict, ...more] = upgradeHealth(findings(pieces));
    expect(more).toEqual([]);
    expect(verdict && `${verdict.status} ${verdict.reason}: ${verdict.message}`).toBe(expected);
  });

  it('tells of the failure for which it came back, as long as that is asked for', () => {
    const asked = findings({ records: [done1, failedByWish], ...arrived, ...to('1.1.0') });
    const withdrawn = findings({ records: [done1, failedByWish], ...arrived, ...to('1.0.0') });
    expect(failureBehind(asked)?.version).toBe('1.1.0');
    expect(failureBehind(withdrawn)).toBeUndefined();
  });

  it.each([
    [{ version: '1.1.0' }, '1.0.0', '1.1.0'],
    [{ version: '1.0.0' }, '1.0.0', 'the changed settings of 1.0.0'],
    [{ version: '1.0.0', software: 'node=22.0.0 php=8.3.0' }, '1.0.0', 'node 22.0.0 and php 8.3.0'],
    [{ version: '1.0.0' }, undefined, '1.0.0'],
  ])('%j after %s is called: %s', (failure, stable, words) => {
    expect(whatFailed(failure, stable)).toBe(words);
  });
});
