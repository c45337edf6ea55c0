import { describe, expect, it } from 'vitest';
import { ANNOTATION } from '../../../../src/api/names.ts';
import { deploymentOf } from '../../../../src/plan/pods/children.ts';
import { inputHashes } from '../../../../src/plan/pods/inputs.ts';
import { inputsHash } from '../../../../src/plan/state/committed.ts';
import { recordedDeployment } from '../../../../src/plan/pods/record-object.ts';
import { readState } from '../../../../src/plan/state/state.ts';
import { recordOfStanding, takeOver, type TakenOver } from '../../../../src/plan/decide/take-over.ts';
import { wishesOf } from '../../../../src/plan/pods/wish.ts';
import { catalogue, installation, release } from '../../../support/builders.ts';
import {
  askedBy,
  at,
  budget,
  clock,
  deployment,
  edited,
  failureOf,
  findings,
  inputsOf,
  NOW,
  proven,
  record,
  relabelled,
  seen,
  service,
  type Pieces,
} from '../../../support/records.ts';

const [done1, done2] = [proven(1), proven(2)];
const inputs = inputsOf('1.1.0');
/** A Deployment whose record is gone: it was made of 1.1.0. */
const standing = deployment(done2, { inputsHash: inputsHash(inputHashes(inputs)) });

function take(pieces: Pieces) {
  const observed = seen(pieces);
  const { configuration, answers, finder } = askedBy(observed);
  const { deployment: stands, stable, restart } = readState(observed, clock(NOW));
  const wishes = wishesOf(observed, configuration, restart);
  const failures = [failureOf(record(3))];
  const taken = takeOver(observed, stands!, stable, {
    configuration,
    answers,
    finder,
    failures,
    wishes,
    now: clock(NOW),
  });
  return { ...taken.facts, version: taken.version, configuration };
}

describe('what a Deployment was made from, whose record is gone:', () => {
  const unknown = { wish: 'unknown', tier: 'unknown', release: 'unknown' };

  it.each<[string, Pieces, ReturnType<typeof inputHashes>]>([
    [
      'what the spec, the platform and the catalogue say, where its hash says the same',
      { deployment: standing },
      inputHashes(inputs),
    ],
    [
      'the same, where somebody took a label',
      { deployment: { ...standing, ...relabelled(done2) } },
      inputHashes(inputs),
    ],
    [
      'nobody knows, where the spec says something else by now',
      { deployment: standing, spec: { config: { A: 'b' } } },
      unknown,
    ],
    ['nobody knows, where somebody changed it', { deployment: { ...standing, ...edited() } }, unknown],
    [
      'nobody knows, where its release is not published any more: a change could not be told from what it was',
      { deployment: standing, catalogue: catalogue('1.2.0') },
      unknown,
    ],
    ['nobody knows, where its template names no version', { deployment: { ...standing, version: undefined } }, unknown],
    [
      'nobody knows, where its hash is of another operator',
      { deployment: { ...standing, inputsHash: undefined } },
      unknown,
    ],
  ])('%s', (_, pieces, committed) => {
    expect(take(pieces).committed).toEqual(committed);
  });

  it('its system software, as its template says', () => {
    const made = inputHashes(inputsOf('1.1.0', { software: 'php=8.2.0' }));
    const with82 = { ...standing, software: 'php=8.2.0', inputsHash: inputsHash(made) };
    const spec = { systemSoftware: [{ name: 'php' }] };
    const { committed, requiredBy } = take({ deployment: with82, spec });
    expect({ ...committed, asked: undefined }).toEqual(made);
    expect(requiredBy).toEqual({ php: [] });
  });

  it('what nobody needs any more of it is to be let go of', () => {
    const needing = release('1.1.0', { systemSoftwareDependencies: [{ name: 'php', range: '8.x' }] });
    const made = (of: typeof needing) => inputHashes(inputsOf('1.1.0', { release: of, software: 'php=8.2.0' }));
    const asked = (of: typeof needing) => {
      const with82 = { ...standing, software: 'php=8.2.0', inputsHash: inputsHash(made(of)) };
      return take({ deployment: with82, catalogue: catalogue(of) }).committed;
    };

    expect(asked(needing)).toEqual(made(needing));
    expect(asked(release('1.1.0'))).toEqual({ ...made(release('1.1.0')), asked: 'unknown' });
  });

  it('what the spec asks for of software, where the pods have it; else that is to be found anew', () => {
    const made = inputHashes(inputsOf('1.1.0', { software: 'php=8.2.0' }));
    const with82 = { ...standing, software: 'php=8.2.0', inputsHash: inputsHash(made) };
    const asking = (version: string) =>
      take({ deployment: with82, spec: { systemSoftware: [{ name: 'php', version }] } }).committed.asked;

    expect([asking('8.2.0') === 'unknown', asking('8.3.0')]).toEqual([false, 'unknown']);
  });

  it.each([undefined, 'a', 'b'])('the restart that its template says, where the annotation says %j', (restart) => {
    const made = inputHashes({ ...inputs, restart: 'a' });
    const restarted = { ...standing, restart: 'a', inputsHash: inputsHash(made) };
    const taken = take({ deployment: restarted, installation: { restart } });

    expect([taken.committed, taken.restart]).toEqual([made, 'a']);
  });

  it('holds no wish, should it fail: nobody knows for which it was made', () => {
    const { version, wish } = take({ deployment: standing });
    expect({ version, wish }).toEqual({ version: '1.1.0', wish: 'unknown' });
  });
});

/** Returns everything else that is recorded at a take-over. */
function facts(pieces: Pieces): TakenOver {
  const { version: _, configuration: __, ...taken } = take(pieces);
  return taken;
}

describe('is recorded with', () => {
  it.each<[string, Pieces, Partial<ReturnType<typeof facts>>]>([
    [
      'the time of now, and the values of the annotation',
      { deployment: standing, retries: ['a'] },
      { startedAt: at(NOW), retries: ['a'] },
    ],
    ['its provider', { deployment: standing }, { provider: 'acme/web' }],
    ['the spec as who asked for it', { deployment: standing, spec: { version: '1.1.0' } }, { trigger: 'Spec' }],
    [
      'automation as who asked for it, under automation',
      { deployment: standing, spec: { upgradePolicy: 'auto' } },
      { trigger: 'Policy' },
    ],
    [
      'the spec, which names its version, although it is under automation',
      { deployment: standing, spec: { upgradePolicy: 'auto', version: '1.1.0' } },
      { trigger: 'Spec' },
    ],
    ['no version that it comes from, where nothing is stable', { deployment: standing }, { from: undefined }],
    ['the one that is stable', { deployment: standing, records: [done1] }, { from: '1.0.0' }],
    [
      'the ports of its release, also where somebody deleted the Service in the same moment',
      { deployment: standing },
      { ports: [...(done2.ports ?? [])] },
    ],
    [
      'the ports of its Service, where nobody knows what it was made from',
      { deployment: { ...standing, ...edited() }, service: service(done2) },
      { ports: [...(done2.ports ?? [])] },
    ],
    [
      'the ports of its release, where somebody deleted that Service as well',
      { deployment: { ...standing, ...edited() } },
      { ports: [...(done2.ports ?? [])] },
    ],
    [
      'none, where nobody knows any',
      { deployment: { ...standing, ...edited() }, catalogue: catalogue('1.0.0') },
      { ports: undefined },
    ],
    ['the PodDisruptionBudget of its tier: none', { deployment: standing, budget: budget() }, { hasBudget: false }],
    [
      'the one that there is, where nobody knows its tier',
      { deployment: { ...standing, ...edited() }, budget: budget() },
      { hasBudget: true },
    ],
    [
      'what the spec asks for now, which waits until this serves',
      { deployment: standing, spec: { version: '1.2.0' } },
      { foundWith: wishesOf(seen({ spec: { version: '1.2.0' } }), askedBy(seen({})).configuration, undefined).spec },
    ],
    [
      'nothing that waits, where somebody changed it',
      { deployment: { ...standing, ...edited() } },
      { foundWith: undefined },
    ],
    ['what failed before', { deployment: standing }, { failures: [failureOf(record(3))] }],
  ])('%s', (_, pieces, expected) => {
    const known = facts(pieces);
    const names = Object.keys(expected) as (keyof typeof known)[];
    expect(Object.fromEntries(names.map((name) => [name, known[name]]))).toEqual(expected);
  });
});

describe('the record of what stands', () => {
  const more = facts({ deployment: standing });
  const { object } = deploymentOf(inputsOf('1.1.0', { number: 2 }));
  const owned = object as unknown as Parameters<typeof recordOfStanding>[1];

  it('says what its template says', () => {
    expect(recordOfStanding(installation(), owned, 5, more)).toMatchObject({
      version: '1.1.0',
      image: 'registry.example.com/acme/web:1.1.0',
      effective: done2.effective,
      failures: more.failures,
    });
  });

  it('names its own number on the Deployment, and nothing else of it changes', () => {
    const { deployment: taken } = recordOfStanding(installation(), owned, 5, more);
    expect(taken.metadata.labels).toEqual({ ...object.metadata.labels, 'provider-operator.io/rollout': '5' });
    expect(taken.spec).toBe(object.spec);
  });

  it('has each label of ours again that somebody took', () => {
    const bare = { ...owned, metadata: { labels: { 'example.com/team': 'a' } } };
    const { deployment: taken } = recordOfStanding(installation(), bare, 5, more);
    expect(taken.metadata.labels).toEqual({
      ...object.metadata.labels,
      'example.com/team': 'a',
      'provider-operator.io/rollout': '5',
    });
  });

  it('says the very fields that are applied then, so that nobody seems to have changed them', () => {
    const data = recordOfStanding(installation(), owned, 5, more);
    expect(recordedDeployment(installation(), data.deployment).hash).toBe(data.applied);
  });

  it('takes over what failed, where an operator before this one kept it', () => {
    const failures = [failureOf(record(4))];
    const annotations = { [ANNOTATION.failed]: JSON.stringify(failures), 'example.com/note': 'x' };
    const data = recordOfStanding(installation(), { ...owned, metadata: { labels: {}, annotations } }, 5, more);
    expect(data.failures).toEqual([...more.failures, ...failures]);
    expect(data.deployment.metadata.annotations).toEqual({});
  });

  it.each<[string, Parameters<typeof recordOfStanding>[1]]>([
    ['without a template', { spec: {} }],
    ['without containers', { spec: { template: { spec: {} } } }],
    [
      'with containers of others',
      { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'x' }, {}] } } } },
    ],
  ])('has nothing of one %s', (_, odd) => {
    expect(recordOfStanding(installation(), odd, 5, more)).toMatchObject({
      version: '',
      image: '',
      effective: { tier: { resources: {} } },
    });
  });
});

describe('a Deployment of no version, where nothing was ever done, is made anew:', () => {
  const bare = { record: undefined, template: undefined };

  it.each<[string, Pieces]>([
    ['its template names none', { deployment: deployment(done1, { ...bare, version: undefined }) }],
    ['its template names what is none', { deployment: deployment(done1, { ...bare, version: 'banana' }) }],
  ])('%s', (_, pieces) => {
    for (const spec of [{ version: '1.1.0' }, { upgradePolicy: 'auto' as const }, {}]) {
      const { decision, actions } = findings({ ...pieces, spec });
      expect(decision).toMatchObject({ kind: 'run', isChanged: true });
      expect(actions.writes.map(({ kind, child }) => `${kind} ${child}`)).toEqual([
        'record ControllerRevision',
        'apply Service',
        'apply Deployment',
      ]);
    }
  });
});
