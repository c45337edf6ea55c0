import { expect, it } from 'vitest';
import { wishHash } from '../../../../src/plan/pods/inputs.ts';
import { wishesOf } from '../../../../src/plan/pods/wish.ts';
import { askedBy, seen } from '../../../support/records.ts';

/** Hashes of what a spec asks for: of the pods, by which a change is seen, and of the wish, which a failure holds. */
function hashesOf(spec: object): readonly [pods: string, wish: string] {
  const observed = seen({ spec });
  const { configuration } = askedBy(observed);
  return [wishHash(observed.installation, '1.0.0', configuration, undefined), wishesOf(observed, configuration).spec];
}

it.each([
  ['config', { config: { A: '1' } }],
  ['resourceTier', { resourceTier: 'free' }],
  ['documentRoot', { documentRoot: 'public' }],
])('an edit of %s makes new pods, and lets go of a failure', (_, edit) => {
  const [[pods, wish], [editedPods, editedWish]] = [hashesOf({}), hashesOf(edit)];

  expect([editedPods !== pods, editedWish !== wish]).toEqual([true, true]);
});

it('an edit of the description does neither', () => {
  expect(hashesOf({ description: 'x' })).toEqual(hashesOf({}));
});
