import { epoch, timestamp } from '../../api/time.ts';
import { usedConsent } from '../decide/attempt.ts';
import { metadataOf } from '../pods/children.ts';
import type { Decided } from '../decide/decision.ts';
import type { Installation, Mark, Observed, RolloutRecord } from '../state/observed.ts';
import { formatMark, isProven, LONGEST_UNTIL_APPLIED_MS, returnedAt, timeAfter } from '../state/record.ts';
import type { Return } from '../decide/return.ts';
import type { State } from '../state/state.ts';

/** Why a rollout ended, where nobody asked for that. */
const WHY: Readonly<Partial<Record<Return['cause'], string>>> = {
  Lost: 'The Deployment was deleted',
  Outdated: 'An older Deployment was brought back',
};

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

/** The marks that this look found out: how rollouts ended, and what the spec says of them since. */
export function marksOf(observed: Observed, state: State, decided: Decided, now: number): Marking[] {
  const { installation } = observed;
  const changes = [...ends(state, decided, now)];
  if (installation.spec.suspend !== true) {
    changes.push(...newWords(observed, state, decided));
  }
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

function* ends(state: State, { decision, failure }: Decided, now: number): Generator<MarkChange> {
  const { head, done, records, abandoned, rollout, isReturning } = state;
  if (head && done === 'now') {
    // A rollout that was marked as failed may still succeed, as long as nothing went back.
    yield { record: head, mark: { provenAt: timestamp(now), failure: undefined, supersededAt: undefined } };
  }
  if (head && failure) {
    yield { record: head, mark: { failure } };
  } else if (decision.kind === 'return' && decision.ends) {
    yield { record: decision.ends, mark: { supersededAt: timeAfter(records, now), why: WHY[decision.cause] } };
  } else if (decision.kind === 'return' && head && isLongOver(head, now)) {
    yield { record: head, mark: { returnedAt: timeAfter(records, now) } };
  }
  if (isReturning && abandoned && !abandoned.mark.returnFailure && rollout?.phase === 'failed') {
    const { reason, message } = rollout;
    yield { record: abandoned, mark: { returnFailure: { reason, message } } };
  }
}

/** It ended before, and nobody went back from it at once. */
function isLongOver(record: RolloutRecord, now: number): boolean {
  const at = isProven(record) ? undefined : returnedAt(record);
  return at !== undefined && epoch(at) + LONGEST_UNTIL_APPLIED_MS / 2 < now;
}

function* newWords(
  { installation }: Observed,
  { records, base, stable }: State,
  { decision }: Decided,
): Generator<MarkChange> {
  if (base && decision.kind === 'run' && !decision.isChanged && decision.askedAnew !== undefined) {
    yield { record: base, mark: { asked: decision.askedAnew } };
  }
  const consent = usedConsent(stable);
  if (stable && consent !== undefined && installation.spec.upgrade?.allowDowngradeTo !== consent) {
    yield { record: stable, mark: { isConsentReturned: true } };
  }
  // Records of an earlier installation of this name become ours together with its Deployment.
  yield* records.filter(({ owner }) => !owner).map((record) => ({ record, mark: {} }));
}
