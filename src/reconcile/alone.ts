import type { Alone } from '../cluster/contested-fields.ts';
import type { ChildKind } from '../plan/state/observed.ts';

/**
 * What nobody but the operator sets in a child: what runs, and who reaches it. Labels and annotations are free to all, and so is
 * the number of pods where the tier leaves it to an autoscaler.
 */
export const ALONE: Readonly<Record<ChildKind, Alone>> = {
  Deployment: [
    ['f:spec', 'f:template', 'f:spec'],
    ['f:spec', 'f:strategy'],
  ],
  Service: [
    ['f:spec', 'f:ports'],
    ['f:spec', 'f:selector'],
  ],
  PodDisruptionBudget: [['f:spec']],
  ControllerRevision: [],
};
