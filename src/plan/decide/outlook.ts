import { hash } from '../../api/hash.ts';
import type { Failure } from '../../api/failure.ts';
import type { Release } from '../../api/provider.ts';
import { assess, type Assessment } from '../version/assessment.ts';
import { usedConsent } from './attempt.ts';
import type { Observed } from '../state/observed.ts';
import type { Answers } from '../pods/answers.ts';
import type { Sheet } from '../pods/sheet.ts';
import type { Return } from './return.ts';
import type { Desired } from './desired.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import { isStuck, type State } from '../state/state.ts';
import type { VersionInput } from '../version/version-input.ts';
import { decideVersion, type VersionDecision } from '../version/version.ts';
import type { Wishes } from '../pods/wish.ts';

/** The releases that may come next, and when. */
export interface Outlook {
  readonly wishes: Wishes;
  readonly input: VersionInput;
  readonly assessments: readonly Assessment[];
  readonly choice: VersionDecision;
}

export function outlookOf(
  observed: Observed,
  state: State,
  more: {
    readonly failures: readonly Failure[];
    readonly isReturning: boolean;
    readonly isHeld: boolean;
    readonly wishes: Wishes;
    readonly finder: SoftwareFinder;
    readonly answers: Answers;
    readonly now: number;
  },
): Outlook {
  const { installation, catalogue, config, firstSeen, kubernetesVersion, slot, retries } = observed;
  const { spec, uid } = installation;
  const { isReturning, isHeld, failures, wishes, finder, answers, now } = more;
  const { stable, base, rollout, isAvailable, name } = state;
  const unknown = name === 'Unrecorded' ? state.deployment : undefined;
  const input: VersionInput = {
    spec,
    catalogue,
    config,
    // Of what nobody knows the version may be all that serves: then no upgrade skips what lies between.
    stable: stable?.version ?? (unknown && unknown.available > 0 ? unknown.version : undefined),
    // On the way back, the stable version is the one that will be installed.
    installed: isReturning ? stable?.version : (base ?? unknown)?.version,
    isBusy: spec.suspend === true || rollout?.phase === 'progressing' || isReturning,
    usedConsent: usedConsent(stable),
    failures,
    retries,
    wish: wishes.spec,
    isHealthy: (isAvailable || isStuck(state)) && !isHeld && name !== 'Stranded',
    hasPods: state.hasPods,
    firstSeen,
    kubernetesVersion,
    software: finder,
    answers: answersByRelease(answers, finder),
    slot,
    turn: hash(uid),
    now,
  };
  const assessments = assess(input);
  return { wishes, input, assessments, choice: decideVersion(input, assessments) };
}

/** For all releases together. */
const MOST_EFFORT = 10_000_000;

/** Each found once. Where no system software can be had, only the release asks. */
function answersByRelease(answers: Answers, finder: SoftwareFinder): (release: Release) => Sheet {
  const found = new Map<Release, Sheet>();
  const effort = { left: MOST_EFFORT, judged: new Set<string>() };
  return (release) => {
    const known = found.get(release);
    if (known) {
      return known;
    }
    const resolution = finder.resolve(release);
    const sheet = answers.to(release, resolution.kind === 'resolution' ? resolution.uses : [], effort);
    found.set(release, sheet);
    return sheet;
  };
}

/** The outlook once this rollout is under way, so that the next look tells nothing else of it. */
export function begun({ wishes, input, choice }: Outlook, { version }: Desired | Return): Outlook {
  const next: VersionInput = { ...input, installed: version, isBusy: true };
  return { wishes, input: next, assessments: assess(next), choice };
}
