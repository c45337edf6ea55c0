import { timestamp } from '../api/time.ts';
import { usedConsent } from './attempt.ts';
import { metadataOf } from './children.ts';
import type { Decided } from './decision.ts';
import type { Installation, Mark, Observed, RolloutRecord } from './observed.ts';
import { formatMark, isProven, timeAfter } from './record.ts';
import type { State } from './state.ts';

/** Why a rollout ended for which nobody asked. */
const DELETED = 'The Deployment was deleted';

/** Marks one record: all that is known of it by now, because what an apply leaves out is gone. */
export interface Marking {
  readonly kind: 'mark';
  readonly child: 'ControllerRevision';
  readonly object: {
    readonly metadata: {
      readonly name: string;
      readonly namespace: string;
      readonly uid: string;
      /** A mark that was made meanwhile, by whomever, is not overwritten. */
      readonly resourceVersion: string;
      readonly ownerReferences: readonly object[];
      readonly annotations: Readonly<Record<string, string>>;
    };
  };
}

export function marking(installation: Installation, record: RolloutRecord, mark: Mark): Marking {
  const { name, uid, resourceVersion } = record;
  const { namespace, ownerReferences } = metadataOf(installation, {});
  const metadata = { name, namespace, uid, resourceVersion, ownerReferences, annotations: formatMark(mark) };
  return { kind: 'mark', child: 'ControllerRevision', object: { metadata } };
}

/** What this look found out of the rollouts: how they ended, and what the spec says of them since. */
export function marksOf(observed: Observed, state: State, decided: Decided, now: number): Marking[] {
  const { installation } = observed;
  const changes = [
    ...ends(state, decided, now),
    ...(installation.spec.suspend === true ? [] : [...newWords(observed, state, decided), ...adoptions(state)]),
  ];
  return state.records.flatMap((record) => {
    const own = changes.filter((change) => change.record === record);
    const mark = own.reduce<Mark>((all, change) => ({ ...all, ...change.mark }), record.mark);
    return own.length > 0 ? [marking(installation, record, mark)] : [];
  });
}

interface MarkChange {
  readonly record: RolloutRecord;
  readonly mark: Mark;
}

function ends(state: State, { decision, failure }: Decided, now: number): MarkChange[] {
  const { head, done, records, abandoned, rollout, isReturning } = state;
  const over = decision.kind === 'return' ? decision.ends : undefined;
  const isFailing = head !== undefined && failure !== undefined;
  return [
    // What was called a failure may still turn out well, as long as nobody goes back.
    ...(head && done === 'now'
      ? [{ record: head, mark: { provenAt: timestamp(now), failure: undefined, supersededAt: undefined } }]
      : []),
    ...(isFailing ? [{ record: head, mark: { failure } }] : []),
    ...(isReturning && abandoned && !abandoned.mark.returnFailure && rollout?.phase === 'failed'
      ? [{ record: abandoned, mark: { returnFailure: { reason: rollout.reason, message: rollout.message } } }]
      : []),
    ...(over && !isFailing && decision.kind === 'return'
      ? [
          {
            record: over,
            mark: { supersededAt: timeAfter(records, now), ...(decision.cause === 'Lost' && { why: DELETED }) },
          },
        ]
      : []),
  ];
}

function newWords({ installation }: Observed, { base, stable, records }: State, { decision }: Decided): MarkChange[] {
  const isStaying = decision.kind === 'run' && !decision.isChanged;
  const consent = usedConsent(stable);
  return [
    ...(isStaying && base && decision.askedAnew !== undefined
      ? [{ record: base, mark: { asked: decision.askedAnew } }]
      : []),
    ...(stable && consent !== undefined && installation.spec.upgrade?.allowDowngradeTo !== consent
      ? records
          .filter((r) => r === stable && isProven(r))
          .map((record) => ({ record, mark: { isConsentReturned: true } }))
      : []),
  ];
}

/** What an earlier installation of this name left behind becomes ours with its Deployment. */
function adoptions({ records }: State): MarkChange[] {
  return records.filter(({ owner }) => !owner).map((record) => ({ record, mark: {} }));
}
