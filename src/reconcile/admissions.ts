import { rewrittenFields } from '../cluster/rewritten-fields.ts';
import { ANNOTATION } from '../api/names.ts';
import type { ChildKind, ChildView, FieldPath, Observed } from '../plan/state/observed.ts';
import type { Child } from '../plan/pods/children.ts';
import { isOfNothing } from '../plan/state/owned-hash.ts';
import type { Raw } from './raw.ts';

/** What admission made of a child when this process applied it. */
interface Admitted {
  readonly uid: string;
  /** Hashes of what was sent, and of what came out of it. */
  readonly applied: string;
  readonly owned: string;
  readonly rewritten: readonly FieldPath[];
}

interface Answer {
  readonly sent: Child['object'];
  readonly stored: Raw;
  /** What it comes to. */
  readonly view: ChildView;
}

/** Where a webhook takes them away, nobody can see what others change. */
const OWNERS: FieldPath = ['metadata', 'managedFields'];

type Views = Pick<Observed, 'deployment' | 'service' | 'budget'>;

/**
 * What admission webhooks and policies rewrite when the operator applies is accepted: the answer to the apply shows it, and no
 * other apply would come out in another way. An editor cannot bring it about, for whoever writes later changes what the answer
 * had. Kept in memory alone: after a restart one apply, which changes nothing, shows it again.
 */
export class Admissions {
  readonly #of = new Map<string, ReadonlyMap<ChildKind, Admitted>>();

  /** Takes in the answer to an apply. */
  learn(key: string, child: ChildKind, { sent, stored, view }: Answer): void {
    const applied = sent.metadata.annotations?.[ANNOTATION.applied];
    const others = [...(this.#of.get(key) ?? [])].filter(([kind]) => kind !== child);
    // What admission adds is in no entry of managedFields; what another manager has set, it has not.
    if (applied !== undefined && view.owned !== applied && view.contested?.manager === undefined) {
      const rewritten = [
        ...(isOfNothing(view.owned) ? [OWNERS] : []),
        ...rewrittenFields(sent, stored),
        ...(view.contested?.paths ?? []),
      ];
      others.push([child, { uid: view.uid, applied, owned: view.owned, rewritten }]);
    }
    if (others.length > 0) {
      this.#of.set(key, new Map(others));
    } else {
      this.#of.delete(key);
    }
  }

  /** Whether the last apply came out as what had been there: nothing was undone by it. */
  isAsFound(key: string, child: ChildKind, found: ChildView | undefined): boolean {
    return found !== undefined && this.#of.get(key)?.get(child)?.owned === found.owned;
  }

  forget(key: string): void {
    this.#of.delete(key);
  }

  /** The children of an observation, where what admission made of them counts as what was applied. */
  accept(key: string, { deployment, service, budget }: Views): Views {
    const admitted = this.#of.get(key);
    return {
      deployment: asApplied(deployment, admitted?.get('Deployment')),
      service: asApplied(service, admitted?.get('Service')),
      budget: asApplied(budget, admitted?.get('PodDisruptionBudget')),
    };
  }
}

function asApplied<V extends ChildView>(view: V | undefined, admitted: Admitted | undefined): V | undefined {
  if (!view || !admitted || view.uid !== admitted.uid || view.owned !== admitted.owned) {
    return view;
  }
  const { applied, rewritten } = admitted;
  return { ...view, owned: applied, applied, rewritten, contested: undefined };
}
