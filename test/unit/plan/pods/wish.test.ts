import { expect, it } from 'vitest';
import { hash } from '../../../../src/api/hash.ts';
import { wishHash } from '../../../../src/plan/pods/inputs.ts';
import { wishesOf } from '../../../../src/plan/pods/wish.ts';
import { askedBy, seen } from '../../../support/records.ts';

/** Hashes of what a spec asks for: of the pods, by which a change is seen, and of the wish, which a failure holds. */
function hashesOf(spec: object, restart?: string): readonly [pods: string, wish: string] {
  const observed = seen({ spec });
  const { configuration } = askedBy(observed);
  return [
    wishHash(observed.installation, '1.0.0', configuration, { answered: undefined, restart }),
    wishesOf(observed, configuration, restart).spec,
  ];
}

it.each([
  ['config', { config: { A: '1' } }],
  ['resourceTier', { resourceTier: 'free' }],
  ['documentRoot', { documentRoot: 'public' }],
])('an edit of %s makes new pods, and lets go of a failure', (_, edit) => {
  const [[pods, wish], [editedPods, editedWish]] = [hashesOf({}), hashesOf(edit)];

  expect([editedPods !== pods, editedWish !== wish]).toEqual([true, true]);
});

it('another value of the restart makes new pods, and lets go of a failure', () => {
  const hashes = [hashesOf({}), hashesOf({}, 'a'), hashesOf({}, 'b')];

  expect(new Set(hashes.flat()).size).toBe(6);
});

// What an operator before this one has committed: nobody is restarted by the update to one that knows of restarts.
it('where nobody ever asked for a restart, the pods have the hash that they always had', () => {
  const { configuration } = askedBy(seen({}));
  const before = { version: '1.0.0', config: configuration.hash, tier: 'standard' };

  expect(hashesOf({})[0]).toBe(hash(before));
});

it('an edit of the description does neither', () => {
  expect(hashesOf({ description: 'x' })).toEqual(hashesOf({}));
});
