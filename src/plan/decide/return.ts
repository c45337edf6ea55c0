import { wishAgain } from '../pods/inputs.ts';
import type { Asked } from '../failures/blame.ts';
import { addFailure, recordedFailures, type Failure, type NewFailure } from '../failures/failures.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import { askedOf, isOpen } from '../state/record.ts';
import { rollbackSettings } from '../state/rollback-settings.ts';
import type { Keep } from './hindrance.ts';
import type { State } from '../state/state.ts';
import { askedSoftware, type Wishes } from '../pods/wish.ts';

/** The stable Deployment is applied again, whole, from its record. */
export interface Return {
  readonly kind: 'return';
  readonly version: string;
  readonly to: RolloutRecord;
  readonly cause:
    /** A rollout failed. */
    | 'Failed'
    /** The spec asks for it again in the midst of something else. */
    | 'Cancelled'
    /** The Deployment was deleted. */
    | 'Lost'
    /** Somebody undid a rollout in its midst, and nothing else may begin now. */
    | 'Undone'
    /** Somebody brought an older Deployment back. */
    | 'Outdated';
  /** The failure that it goes back from; present with the cause `Failed`. */
  readonly failure?: Failure;
  /** The record of the rollout that ends by this, where it has no mark yet. */
  readonly ends?: RolloutRecord | undefined;
}

/**
 * The returns that go before anything in the spec: a failed rollout goes back, and the stable record is applied again where
 * the Deployment is gone or was replaced by an older one. Undefined where nothing was ever done, where going back is switched
 * off, and where the way back itself fails: then whatever serves is left alone.
 */
export function returnFirst(
  { installation, config }: Observed,
  state: State,
  failure: NewFailure | undefined,
  now: number,
): Return | undefined {
  const { stable, head, stands, done, deployment, name } = state;
  if (!stable) {
    return undefined;
  }
  const back = { kind: 'return', version: stable.version, to: stable } as const;
  const failed = failure ? addFailure(recordedFailures(state), failure, now)[0] : head?.mark.failure;
  if (stands && head && done === 'never' && failed) {
    const { enabled } = rollbackSettings(installation.spec, config);
    return enabled ? { ...back, cause: 'Failed', failure: failed, ends: failure && head } : undefined;
  }
  if (installation.spec.suspend === true) {
    return undefined;
  }
  if (!deployment) {
    return { ...back, cause: 'Lost', ends: openAfter(state, stable) };
  }
  return name === 'Outdated' ? { ...back, cause: 'Outdated', ends: openAfter(state, stable) } : undefined;
}

/** The Deployment has no record, and is not what the operator would apply for the version that it names. */
export function returnFromUnknown(state: State): Return | undefined {
  const { stable } = state;
  return (
    stable && { kind: 'return', version: stable.version, to: stable, cause: 'Outdated', ends: openAfter(state, stable) }
  );
}

/** The rollout that was under way after what is stable. */
function openAfter({ records: [newest] }: State, stable: RolloutRecord): RolloutRecord | undefined {
  return newest && isOpen(newest) && newest.number > stable.number ? newest : undefined;
}

/**
 * The spec asks for what ran before while something else is under way: it comes back just as it was, for its pods still
 * serve, and its release may be gone, forbidden or another by now. Undefined where the spec asks for something else, too.
 */
export function cancelOf(
  { installation }: Observed,
  { stable, head, stands, done }: State,
  version: string,
  wanted: Pick<Asked, 'configuration' | 'answers'>,
): Return | undefined {
  const asked = askedSoftware(installation.spec);
  const isWished = (record: RolloutRecord) =>
    record.committed.wish === wishAgain(installation, version, wanted, record) && askedOf(record) === asked;
  const isUnderWay = stands && head && done === 'never' && !isWished(head);
  return isUnderWay && stable?.version === version && isWished(stable) && installation.spec.suspend !== true
    ? backTo(stable, head, 'Cancelled')
    : undefined;
}

/**
 * The spec asks for the version that ran before while another is under way, and lacks an answer to it by now: the pods that
 * there are have theirs.
 */
export function giveUp(
  { installation }: Observed,
  { stable, head, stands, done }: State,
  version: string,
): Return | undefined {
  const isUnderWay = stands && head && done === 'never' && head.version !== version;
  return isUnderWay && stable?.version === version && installation.spec.suspend !== true
    ? backTo(stable, head, 'Cancelled')
    : undefined;
}

/** A rollout that is over still has the Deployment, and nothing else may begin now. */
export function returnFromOver({ installation }: Observed, { stable, head, name }: State): Return | undefined {
  const isOver = name === 'Superseded' || (name === 'Undone' && head !== stable);
  return isOver && stable && installation.spec.suspend !== true
    ? backTo(stable, head, name === 'Undone' ? 'Undone' : 'Cancelled')
    : undefined;
}

function backTo(stable: RolloutRecord, head: RolloutRecord | undefined, cause: Return['cause']): Return {
  return { kind: 'return', version: stable.version, to: stable, cause, ends: head && isOpen(head) ? head : undefined };
}

/**
 * Keeps the pods that came back until they serve, and a Deployment that was recorded as it stood until it is proven, so that
 * there is a way back. Until then the wish that was there when it came back, or when it was found, is not tried.
 */
export function servesFirst(
  { abandoned, rollout, isReturning, isAvailable, base, done }: State,
  wishes: Wishes,
): Keep | undefined {
  const ofReturn = isReturning && !isAvailable ? (abandoned?.mark.failure?.wish ?? abandoned?.wish) : undefined;
  const ofFound = done === 'never' ? base?.foundWith : undefined;
  return base && rollout?.phase === 'progressing' && (ofReturn ?? ofFound) === wishes.spec
    ? { kind: 'keep', version: base.version }
    : undefined;
}
