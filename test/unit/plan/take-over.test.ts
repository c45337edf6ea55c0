import { describe, expect, it } from 'vitest';
import { ANNOTATION } from '../../../src/api/names.ts';
import { deploymentOf, inputHashes, wishHash } from '../../../src/plan/children.ts';
import { inputsHash } from '../../../src/plan/committed.ts';
import { recordedDeployment } from '../../../src/plan/record.ts';
import { readState } from '../../../src/plan/state.ts';
import { recordOfStanding, takeOver, takingOver, type TakenOver } from '../../../src/plan/take-over.ts';
import { askedSoftware, wishesOf } from '../../../src/plan/wish.ts';
import { catalogue, installation } from '../../support/builders.ts';
import {
  askedBy,
  at,
  budget,
  clock,
  deployment,
  edited,
  failureOf,
  inputsOf,
  NOW,
  ofAnother,
  proven,
  record,
  relabelled,
  seen,
  service,
  stray,
  type Pieces,
} from '../../support/records.ts';

const [done1, done2] = [proven(1), proven(2)];
const inputs = inputsOf('1.1.0');
/** A Deployment whose record is gone: it was made of 1.1.0. */
const standing = deployment(done2, { inputsHash: inputsHash(inputHashes(inputs)) });

function take(pieces: Pieces) {
  const observed = seen(pieces);
  const { configuration, finder } = askedBy(observed);
  const wishes = wishesOf(observed, configuration);
  const taken = takeOver(observed, readState(observed, clock(NOW)), { configuration, finder, wishes });
  return { ...taken, wishes, configuration };
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
    ['nobody knows, where its template names no version', { deployment: { ...standing, version: undefined } }, unknown],
    [
      'nobody knows, where its hash is of another operator',
      { deployment: { ...standing, inputsHash: undefined } },
      unknown,
    ],
  ])('%s', (_, pieces, committed) => {
    expect(take(pieces).committed).toEqual(committed);
  });

  it('its wish alone, where its release is not published any more: nothing can be rolled out anyhow', () => {
    const systemSoftware = [{ name: 'php' }];
    const spec = { version: '1.1.0', systemSoftware };
    const pieces = { deployment: { ...standing, software: 'php=8.2.0' }, catalogue: catalogue('1.2.0'), spec };
    const { committed, configuration } = take(pieces);

    expect(committed).toEqual({
      ...unknown,
      wish: wishHash(installation(spec), '1.1.0', configuration),
      asked: askedSoftware(installation(spec).spec),
      software: 'php=8.2.0',
    });
  });

  it('its system software, as its template says', () => {
    const made = inputHashes(inputsOf('1.1.0', { software: 'php=8.2.0' }));
    const with82 = { ...standing, software: 'php=8.2.0', inputsHash: inputsHash(made) };
    expect(take({ deployment: with82 }).committed).toEqual(made);
  });

  it('is held by what the spec asks for, should it fail', () => {
    const { version, wish, wishes } = take({ deployment: standing });
    expect({ version, wish }).toEqual({ version: '1.1.0', wish: wishes.spec });
  });
});

/** What is recorded of it besides. */
function facts(pieces: Pieces): TakenOver & { readonly number: number } {
  const observed = seen(pieces);
  const state = readState(observed, clock(NOW));
  const { committed, wish, version } = take(pieces);
  const [action] = takingOver(observed, state, { kind: 'takeOver', version, committed, wish }, clock(NOW));
  if (action?.kind !== 'takeOver') {
    throw new Error('Nothing is taken over');
  }
  return { ...action.facts, number: action.number };
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
      'the ports of its Service',
      { deployment: standing, service: service(done2) },
      { ports: [...(done2.ports ?? [])] },
    ],
    ['no ports, where there is no Service', { deployment: standing }, { ports: undefined }],
    [
      'no ports of a Service that is somebody else’s',
      { deployment: standing, service: ofAnother(service(done2)) },
      { ports: undefined },
    ],
    ['its PodDisruptionBudget', { deployment: standing, budget: budget() }, { hasBudget: true }],
    ['none that is somebody else’s', { deployment: standing, budget: ofAnother(budget()) }, { hasBudget: false }],
    [
      'the first number, where there was none',
      { deployment: { ...standing, record: undefined, template: 'hash' } },
      { number: 1 },
    ],
    ['a number after the one of its label', { deployment: { ...standing, record: 7 } }, { number: 8 }],
    [
      'a number after any that is taken, be it by no record',
      { deployment: standing, records: [done1, stray(9), ofAnother(proven(12))] },
      { number: 13 },
    ],
  ])('%s', (_, pieces, expected) => {
    const known = facts(pieces);
    const names = Object.keys(expected) as (keyof typeof known)[];
    expect(Object.fromEntries(names.map((name) => [name, known[name]]))).toEqual(expected);
  });
});

describe('the record of what stands', () => {
  const more = facts({ deployment: standing });
  const { object } = deploymentOf(inputsOf('1.1.0', { number: 2 }));
  const owned = object as unknown as Parameters<typeof recordOfStanding>[0];

  it('says what its template says', () => {
    expect(recordOfStanding(owned, 5, more)).toMatchObject({
      version: '1.1.0',
      image: 'registry.example.com/acme/web:1.1.0',
      effective: done2.effective,
      failures: [],
    });
  });

  it('names its own number on the Deployment, and nothing else of it changes', () => {
    const { deployment: taken } = recordOfStanding(owned, 5, more);
    expect(taken.metadata.labels).toEqual({ ...object.metadata.labels, 'provider-operator.io/rollout': '5' });
    expect(taken.spec).toBe(object.spec);
  });

  it('says the very fields that are applied then, so that nobody seems to have changed them', () => {
    const data = recordOfStanding(owned, 5, more);
    expect(recordedDeployment(installation(), data.deployment).hash).toBe(data.applied);
  });

  it('takes over what failed, where an operator before this one kept it', () => {
    const failures = [failureOf(record(3))];
    const annotations = { [ANNOTATION.failed]: JSON.stringify(failures), 'example.com/note': 'x' };
    const data = recordOfStanding({ ...owned, metadata: { labels: {}, annotations } }, 5, more);
    expect(data.failures).toEqual(failures);
    expect(data.deployment.metadata.annotations).toEqual({});
  });

  it.each<[string, Parameters<typeof recordOfStanding>[0]]>([
    ['without a template', { spec: {} }],
    ['without containers', { spec: { template: { spec: {} } } }],
    [
      'with containers of others',
      { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'x' }, {}] } } } },
    ],
  ])('has nothing of one %s', (_, odd) => {
    expect(recordOfStanding(odd, 5, more)).toMatchObject({
      version: '',
      image: '',
      effective: { tier: { resources: {} } },
      failures: [],
    });
  });
});
