import type { Failure } from '../../api/failure.ts';
import { failureOf, type Asked } from '../failures/blame.ts';
import { answersOf } from '../pods/answers.ts';
import { readConfiguration } from '../pods/environment.ts';
import {
  addFailure,
  avoidedSoftware,
  heldFailure,
  recordedFailures,
  rememberedFailures,
  type NewFailure,
} from '../failures/failures.ts';
import type { DeploymentView, Observed } from '../state/observed.ts';
import { obstacleTo } from './obstacle.ts';
import { begun, outlookOf, type Outlook } from './outlook.ts';
import { problem, type Problem } from '../../api/problem.ts';
import {
  cancelOf,
  giveUp,
  returnFirst,
  returnFromOver,
  returnFromUnknown,
  servesFirst,
  type Return,
} from './return.ts';
import { runOf, type Desired, type Start, type Wanted } from './desired.ts';
import type { Keep } from './hindrance.ts';
import { budgetOf } from '../pods/children.ts';
import { servicePorts } from '../pods/service.ts';
import { takeOver, type TakeOver } from './take-over.ts';
import { softwareFinder } from '../software/finder.ts';
import type { State } from '../state/state.ts';
import { OF_ANSWERS } from '../version/gates.ts';
import type { VersionDecision } from '../version/version.ts';
import { wishesOf, type Wishes } from '../pods/wish.ts';

export type Decision = Desired | Keep | Held | Return | TakeOver | Problem;

/** The wish of the spec was tried and failed. The pods that ran before go on until the spec changes. */
export interface Held {
  readonly kind: 'held';
  readonly version: string;
  readonly failure: Failure;
  /** Not the spec but the platform's table of tiers changed. */
  readonly isOfPlatform: boolean;
}

/** A decision, and how it looks for the releases that could come next; that is absent where the spec cannot be read. */
export interface Decided {
  readonly decision: Decision;
  readonly outlook?: Outlook;
  /** A failure that this look found and that is to be marked, also where nothing goes back. */
  readonly failure?: Failure | undefined;
}

/**
 * Decides what should run. The first of these that applies:
 *
 * 1. Somebody else's Deployment has the name: that is the problem.
 * 2. A rollout failed, or what is stable is gone: it comes back (`returnFirst`), whatever is wrong with the spec by now.
 * 3. The spec cannot be read: that is the problem (`decideWithoutWish`).
 * 4. The Deployment has no record: where it is just what the operator would apply it is recorded again, else replaced.
 * 5. The wish failed before: it is held (`heldBy`).
 * 6. What came back, or was found, has to serve first (`servesFirst`).
 * 7. The spec asks for what ran before: the rollout under way is cancelled (`cancelOf`).
 * 8. The version that the spec and the policy want, with its inputs (`runOf`), unless something hinders it.
 *
 * Where nothing begins by 5 to 8, what is over and still has the Deployment goes back (`returnFromOver`).
 */
export function decide(observed: Observed, state: State, now: number): Decided {
  const { installation, config } = observed;
  const standing = obstacleTo(installation, 'Deployment', observed.deployment);
  if (standing) {
    return { decision: standing };
  }
  const configuration = readConfiguration(installation.spec, observed.references, config);
  const finder = softwareFinder(softwareInput(observed, state, now));
  if (installation.invalid !== undefined) {
    return decideWithoutWish(observed, state, problem('InvalidSpec', `Correct the spec: ${installation.invalid}`), now);
  }
  if (configuration.kind === 'problem') {
    return decideWithoutWish(observed, state, configuration, now);
  }
  return decideWithWish(observed, state, { configuration, answers: answersOf(observed, state), finder }, now);
}

/** Nobody knows what is asked for: only what failed or is over goes back. */
function decideWithoutWish(observed: Observed, state: State, fault: Problem, now: number): Decided {
  const { fresh, failure } = foundFailure(observed, state, undefined, now);
  const back = returnFirst(observed, state, fresh, now) ?? returnFromOver(observed, state);
  return { decision: back ?? fault, failure };
}

function decideWithWish(observed: Observed, state: State, asked: Asked, now: number): Decided {
  const { fresh, failure } = foundFailure(observed, state, asked, now);
  const wishes = wishesOf(observed, asked.configuration, state.restart);
  const failures = failuresNow(state, wishes, fresh, now);
  const wanted = { ...asked, failures, wishes, now };
  if (state.name === 'Unrecorded' && state.deployment && observed.installation.spec.suspend !== true) {
    const { deployment, stable } = state;
    const decision = takeOver(observed, deployment, stable, wanted) ?? insteadOf(observed, state, deployment, wanted);
    if (decision) {
      return { decision };
    }
  }
  const first = returnFirst(observed, state, fresh, now);
  const held = first ? undefined : heldBy(observed, state, wanted);
  const outlook = outlookOf(observed, state, {
    ...wanted,
    isReturning: first !== undefined,
    isHeld: held !== undefined,
  });
  const chosen = held ?? servesFirst(state, wishes) ?? decideWith(observed, state, wanted, outlook.choice);
  const decision = first ?? (isStart(chosen) ? chosen : (returnFromOver(observed, state) ?? chosen));
  const begins = isStart(decision) && !(decision.kind === 'return' && decision.cause === 'Failed');
  return { decision, failure, outlook: begins ? begun(outlook, decision) : outlook };
}

/**
 * Nobody knows what a Deployment is made of, so it is never saved as good. What was done before comes back; else the version that
 * it names is rolled out as it is published. Undefined where that cannot be had: then the spec and the policy say what comes after it.
 */
function insteadOf(
  observed: Observed,
  state: State,
  { version = '' }: DeploymentView,
  wanted: Omit<Wanted, 'target'>,
): Decision | undefined {
  const back = returnFromUnknown(state);
  const decision = back ?? runOrObstacle(observed, state, { ...wanted, target: { kind: 'target', version } });
  if (decision.kind === 'problem') {
    return undefined;
  }
  // It serves first: the wish of the spec is tried after that, and is not to blame for it.
  return decision.kind === 'run' && decision.isChanged
    ? { ...decision, attempt: { ...decision.attempt, wish: 'unknown', foundWith: wanted.wishes.spec } }
    : decision;
}

/** The failure that this look found: as it is found, and as it is added to those that are recorded. */
function foundFailure(
  observed: Observed,
  state: State,
  asked: Asked | undefined,
  now: number,
): { readonly fresh: NewFailure | undefined; readonly failure: Failure | undefined } {
  const fresh = failureOf(observed, state, asked);
  return { fresh, failure: fresh && addFailure(recordedFailures(state), fresh, now)[0] };
}

/** A rollout begins with it, or a cancel. */
function isStart(decision: Decision): decision is Return | Start {
  return decision.kind === 'return' || (decision.kind === 'run' && decision.isChanged);
}

function softwareInput({ installation, software, config, retries }: Observed, state: State, now: number) {
  const avoided = avoidedSoftware(recordedFailures(state), { retries, now });
  return { spec: installation.spec, shelf: software, stable: state.stableSoftware, avoided, config, now };
}

/** The failures that are remembered, and the one that this look found. */
function failuresNow(state: State, wishes: Wishes, fresh: NewFailure | undefined, now: number): readonly Failure[] {
  const remembered = rememberedFailures(state, wishes);
  return fresh ? addFailure(remembered, fresh, now) : remembered;
}

function decideWith(
  observed: Observed,
  state: State,
  wanted: Omit<Wanted, 'target'>,
  choice: VersionDecision,
): Decision {
  if (choice.kind !== 'target') {
    return choice;
  }
  const cancel = cancelOf(observed, state, choice.version, wanted);
  if (cancel) {
    return cancel;
  }
  const decision = runOrObstacle(observed, state, { ...wanted, target: choice });
  if (decision.kind === 'problem' && OF_ANSWERS.has(decision.reason)) {
    return giveUp(observed, state, choice.version) ?? decision;
  }
  return decision;
}

function runOrObstacle(observed: Observed, state: State, wanted: Wanted): Desired | Keep | Problem {
  const decision = runOf(observed, state, wanted);
  return decision.kind === 'run' ? (obstacleToChildren(observed, decision) ?? decision) : decision;
}

/** The Service or the PodDisruptionBudget of this name, where it is somebody else's. */
function obstacleToChildren({ installation, service, budget }: Observed, { inputs }: Desired): Problem | undefined {
  return (
    (servicePorts(inputs.release) && obstacleTo(installation, 'Service', service)) ??
    (budgetOf(inputs) && obstacleTo(installation, 'PodDisruptionBudget', budget))
  );
}

/** The failure that holds the wish of the spec; none while a rollout for this very wish is being tried, or runs. */
function heldBy(
  { retries }: Observed,
  state: State,
  { failures, wishes, now }: { readonly failures: readonly Failure[]; readonly wishes: Wishes; readonly now: number },
): Held | undefined {
  const { deployment, stable, base, records } = state;
  const failure = heldFailure(failures, { wishes, retries, now });
  // Where no pods are any more, or nothing ever ran well, there is nothing to keep instead.
  if (!failure || !deployment || !stable || !base) {
    return undefined;
  }
  const failedSince = records.some(({ number, mark }) => number > base.number && mark.failure?.at === failure.at);
  const isCommitted = base.wish === failure.wish && !failedSince;
  return isCommitted
    ? undefined
    : { kind: 'held', version: base.version, failure, isOfPlatform: failure.wish === wishes.tier };
}
