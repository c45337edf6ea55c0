import type { Child } from '../pods/children.ts';
import type { Generating } from './generate.ts';
import type { Marking } from './marks.ts';
import type { ChildKind } from '../state/observed.ts';

/** One write to one child. */
export type Action =
  | {
      readonly kind: 'apply';
      readonly child: ChildKind;
      readonly object: Child['object'];
      /** The child that was seen: the apply is forced and meant for exactly this one. Absent: the first apply, unforced. */
      readonly uid: string | undefined;
      /** The orphan that is taken over: another of its name, or none at all, is not meant. */
      readonly adopts?: string;
      /** How many pods there are, where the tier leaves their number to others from now on and must not take them away. */
      readonly leaveReplicas?: number;
      /** The change that this undoes, where somebody changed a field of the operator. */
      readonly heals: string | undefined;
    }
  /** Begins a rollout. */
  | { readonly kind: 'record'; readonly child: 'ControllerRevision'; readonly object: Child['object'] }
  | Marking
  | Generating
  /** Applies the Deployment of a record again: to exactly the one that was seen, if there is one. */
  | {
      readonly kind: 'restore';
      readonly child: 'Deployment';
      /** Undefined: it is gone. */
      readonly uid: string | undefined;
      readonly record: string;
      /** The number of pods to leave where the record has none of its own, as with an autoscaler. */
      readonly leaveReplicas?: number;
      readonly heals: string | undefined;
    }
  | { readonly kind: 'remove'; readonly child: ChildKind; readonly name: string; readonly uid: string };
