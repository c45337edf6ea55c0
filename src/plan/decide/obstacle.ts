import type { ChildKind, ChildView, Installation } from '../state/observed.ts';
import { ownershipOf } from '../state/ownership.ts';
import { problem, waitFor, type Problem } from '../../api/problem.ts';

/** The child of this name, where it is not ours and cannot become ours now. */
export function obstacleTo(
  installation: Installation,
  kind: ChildKind,
  child: ChildView | undefined,
): Problem | undefined {
  const ownership = ownershipOf(child, installation);
  const it = `${kind} "${installation.name}"`;
  switch (ownership.kind) {
    case 'absent':
    case 'ours':
    case 'orphan':
      return undefined;
    case 'leaving':
      return waitFor('WaitingForGarbageCollection', `${it} is being removed, it comes back after that`);
    case 'foreign':
      return problem(
        'NameConflict',
        `${it} belongs to ${ownership.owner} and is left alone: delete it, or install under another name`,
      );
  }
}
