import { describe, expect, it } from 'vitest';
import { nextAttempt, requiredBy, triggerOf, usedConsent, type Attempt } from '../../../../src/plan/decide/attempt.ts';
import { inputHashes } from '../../../../src/plan/pods/inputs.ts';
import { softwareFinder } from '../../../../src/plan/software/finder.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import type { Choice } from '../../../../src/plan/version/version.ts';
import { config, release, shelf, software } from '../../../support/builders.ts';
import {
  at,
  clock,
  CRASHING,
  deployment,
  failed,
  failureOf,
  inputsOf,
  MIDWAY,
  NOW,
  pod,
  proven,
  record,
  refused,
  seen,
  superseded,
  undoneTo,
  type Pieces,
} from '../../../support/records.ts';

const look = (pieces: Pieces) => readState(seen(pieces), clock(pieces.now ?? NOW));
const wishes = { spec: 'the spec', tier: 'the tier' };
const target = (version: string): Choice => ({
  kind: 'target',
  version,
  goal: version,
  path: [version],
  trigger: 'Spec',
  reason: 'Named',
});

function next(pieces: Pieces, version: string, more: Partial<Parameters<typeof nextAttempt>[2]> = {}): Attempt {
  const asked = {
    trigger: 'Spec',
    wishes,
    failures: [],
    isMending: false,
    target: target(version),
    requiredBy: undefined,
  } as const;
  return nextAttempt(seen(pieces), look(pieces), { ...asked, ...more }, clock(pieces.now ?? NOW));
}

const [done1, done2, open2] = [proven(1), proven(2), record(2)];
const at1: Pieces = { records: [done1], deployment: deployment(done1) };
const at2: Pieces = { records: [done1, done2], deployment: deployment(done2) };

describe('the record of the next rollout says', () => {
  it('all that is needed to judge it, and nothing of what there is not', () => {
    expect(next({}, '1.0.0')).toEqual({
      trigger: 'Spec',
      startedAt: at(NOW),
      wish: 'the spec',
      retries: [],
      failures: [],
    });
  });

  it.each<[string, Pieces, string, { from?: string; previousVersion?: string }]>([
    ['no version that it comes from, where nothing was ever done', { records: [failed(1)] }, '1.1.0', {}],
    ['the one that is stable', at1, '1.1.0', { from: '1.0.0', previousVersion: '1.0.0' }],
    [
      'the one that is stable, whatever else is under way',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:01' },
      '1.2.0',
      { from: '1.0.0', previousVersion: '1.0.0' },
    ],
    [
      'the one before the one that is stable, where only settings change',
      at2,
      '1.1.0',
      { from: '1.1.0', previousVersion: '1.0.0' },
    ],
    ['none before it, where settings of the first one change', at1, '1.0.0', { from: '1.0.0' }],
  ])('where it comes from: %s', (_, pieces, version, expected) => {
    const { from, previousVersion } = next(pieces, version);
    expect({ ...(from && { from }), ...(previousVersion && { previousVersion }) }).toEqual(expected);
  });

  it.each([
    ['what the spec asks for', 'Spec', 'the spec'],
    ['what the spec asks for, also where automation chose', 'Policy', 'the spec'],
    ['what the spec and the platform’s table of tiers ask for, where that changed', 'Tier', 'the tier'],
  ] as const)('what is held should it fail: %s', (_, trigger, wish) => {
    expect(next(at1, '1.1.0', { trigger })).toMatchObject({ trigger, wish });
  });

  it.each<[string, Pieces, string]>([
    ['now', at1, NOW],
    [
      'a second after the last one began, where that is now',
      { records: [done1, open2], deployment: deployment(open2, MIDWAY), now: '02:00' },
      '02:00:01',
    ],
    [
      'after one that failed, where the clock was set back',
      { records: [done1, failed(2)], deployment: deployment(done1), now: '02:00' },
      '02:10:01',
    ],
  ])('when it begins: %s', (_, pieces, startedAt) => {
    expect(next(pieces, '1.2.0').startedAt).toBe(at(startedAt));
  });

  it('which values of the annotation it obeys', () => {
    expect(next({ ...at1, retries: ['a', 'Provider b'] }, '1.1.0').retries).toEqual(['a', 'Provider b']);
  });

  it('that it is to mend what failed', () => {
    expect(next(at1, '1.1.0', { isMending: true }).isMending).toBe(true);
  });

  it('what failed before, as much as a record may hold', () => {
    const failures = Array.from({ length: 20 }, (_, i) => failureOf(record(2), { version: `1.${i}.0` }));
    expect(next(at1, '1.1.0', { failures }).failures).toEqual(failures.slice(0, 16));
  });

  it.each<[string, Pieces, string, string | undefined]>([
    ['one that it needs', { ...at2, spec: { upgrade: { allowDowngradeTo: '1.0.0' } } }, '1.0.0', '1.0.0'],
    [
      'not one to a version above what is stable',
      { ...at1, spec: { upgrade: { allowDowngradeTo: '1.1.0' } } },
      '1.1.0',
      undefined,
    ],
    ['not one to another version', { ...at2, spec: { upgrade: { allowDowngradeTo: '0.9.0' } } }, '1.0.0', undefined],
    ['not where nothing is stable', { spec: { upgrade: { allowDowngradeTo: '1.0.0' } } }, '1.0.0', undefined],
    ['none where the spec has none', at2, '1.0.0', undefined],
    [
      'one that was used before and is still in the spec',
      {
        records: [proven(1, { consent: '1.0.0' })],
        deployment: deployment(done1),
        spec: { upgrade: { allowDowngradeTo: '1.0.0' } },
      },
      '1.1.0',
      '1.0.0',
    ],
    [
      'not one that was used before and taken away since',
      {
        records: [proven(1, { consent: '1.0.0', mark: { isConsentReturned: true } })],
        deployment: deployment(done1),
        spec: { upgrade: { allowDowngradeTo: '1.0.0' } },
      },
      '1.1.0',
      undefined,
    ],
  ])('which consent to a downgrade is used up: %s', (_, pieces, version, consent) => {
    expect(next(pieces, version).consent).toBe(consent);
  });
});

it.each<[string, Parameters<typeof usedConsent>[0], string | undefined]>([
  ['the one of its record', proven(1, { consent: '1.0.0' }), '1.0.0'],
  ['none, once it was taken away', proven(1, { consent: '1.0.0', mark: { isConsentReturned: true } }), undefined],
  ['none, where it needed none', done1, undefined],
  ['none, where nothing is stable', undefined, undefined],
])('what is stable has used up a consent: %s', (_, stable, consent) => {
  expect(usedConsent(stable)).toBe(consent);
});

describe('who needs each system software', () => {
  const needing = release('1.0.0', { systemSoftwareDependencies: [{ name: 'php', range: '>=8' }] });
  const spec = { provider: 'acme/web', upgradePolicy: 'manual' as const };
  const finder = softwareFinder({
    spec,
    shelf: shelf(software('php', '8.2.0'), software('node', '22.0.0')),
    stable: new Map(),
    avoided: new Set(),
    config,
    now: 0,
  });

  it.each<[string, ReadonlyMap<string, string>, Attempt['requiredBy']]>([
    ['the release', new Map([['php', '8.2.0']]), { php: [expect.stringContaining('1.0.0')] }],
    ['nobody: the spec alone asked for it', new Map([['node', '22.0.0']]), { node: [] }],
    ['nothing is said where there is none', new Map(), undefined],
  ])('%s', (_, set, expected) => {
    expect(requiredBy(needing, finder, set)).toEqual(expected);
  });
});

describe('who asked for it:', () => {
  const hashesOf = (version: string, spec: Pieces['spec'] = {}) => inputHashes(inputsOf(version, { spec }));
  const [first, automatic, named] = [
    { ...target('1.0.0'), trigger: 'Install' },
    { ...target('1.1.0'), trigger: 'Policy' },
    target('1.1.0'),
  ] as const;
  const config = { config: { GREETING: 'hello' } };
  const byPolicy = record(2, { trigger: 'Policy' });
  const inItsMidst: Pieces = { records: [done1, byPolicy], deployment: deployment(byPolicy, MIDWAY), now: '02:01' };

  it.each<[string, Pieces, Parameters<typeof triggerOf>[1], Attempt['trigger']]>([
    ['a first install', {}, { target: first, hashes: hashesOf('1.0.0'), isUpdate: false }, 'Install'],
    [
      'a first install of a version that is named',
      {},
      { target: named, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Install',
    ],
    [
      'once more after a first install that failed and was deleted',
      { records: [failed(1)] },
      { target: named, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Install',
    ],
    [
      'the spec, where a first install is over that still has the Deployment',
      { records: [superseded(1)], deployment: deployment(record(1)) },
      { target: named, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Spec',
    ],
    [
      'the spec, which names another version',
      at1,
      { target: named, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Spec',
    ],
    [
      'automation, which chose another version',
      at1,
      { target: automatic, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Policy',
    ],
    [
      'the spec, where the version is only given',
      at1,
      { target: { kind: 'target', version: '1.1.0' }, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Spec',
    ],
    [
      'the policy of its system software',
      at1,
      { target: target('1.0.0'), hashes: hashesOf('1.0.0'), isUpdate: true },
      'SystemSoftware',
    ],
    [
      'the spec, whose settings changed',
      at1,
      { target: target('1.0.0'), hashes: hashesOf('1.0.0', config), isUpdate: false },
      'Spec',
    ],
    [
      'the spec, which asks for other system software',
      at1,
      { target: target('1.0.0'), hashes: { ...hashesOf('1.0.0'), asked: 'abc' }, isUpdate: false },
      'Spec',
    ],
    [
      'the platform, whose table of tiers changed',
      at1,
      { target: target('1.0.0'), hashes: { ...hashesOf('1.0.0'), tier: 'other' }, isUpdate: false },
      'Tier',
    ],
    [
      'the platform, although the spec says something else of system software since: that came to the same pods',
      { records: [proven(1, { mark: { asked: 'abc' } })], deployment: deployment(done1) },
      { target: target('1.0.0'), hashes: { ...hashesOf('1.0.0'), asked: 'abc', tier: 'other' }, isUpdate: false },
      'Tier',
    ],
    [
      'automation, whose version an edit in its midst is tried with',
      inItsMidst,
      { target: named, hashes: hashesOf('1.1.0', config), isUpdate: false },
      'Policy',
    ],
    [
      'the spec, once the version of automation has failed',
      { ...inItsMidst, pods: [pod(byPolicy, CRASHING)] },
      { target: named, hashes: hashesOf('1.1.0', config), isUpdate: false },
      'Spec',
    ],
    [
      'the spec, once the version of automation is done',
      { ...inItsMidst, deployment: deployment(byPolicy) },
      { target: named, hashes: hashesOf('1.1.0', config), isUpdate: false },
      'Spec',
    ],
    [
      'the spec, whose settings changed after somebody undid what automation had begun',
      { ...inItsMidst, deployment: deployment(byPolicy, undoneTo(done1)) },
      { target: target('1.0.0'), hashes: hashesOf('1.0.0', config), isUpdate: false },
      'Spec',
    ],
    [
      'automation, whose rollout somebody undid: it begins from what is stable',
      { ...inItsMidst, deployment: deployment(byPolicy, undoneTo(done1)) },
      { target: automatic, hashes: hashesOf('1.1.0'), isUpdate: false },
      'Policy',
    ],
    [
      'the platform once more, after the API server refused what it changed',
      { records: [done1, refused(2, { version: '1.0.0', trigger: 'Tier' })], deployment: deployment(done1) },
      { target: target('1.0.0'), hashes: { ...hashesOf('1.0.0'), tier: 'other' }, isUpdate: false },
      'Tier',
    ],
  ])('%s', (_, pieces, asked, trigger) => {
    expect(triggerOf(look(pieces), asked)).toBe(trigger);
  });
});
