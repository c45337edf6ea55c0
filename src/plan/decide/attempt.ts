import semver from 'semver';
import { MOST_FAILURES, type Failure } from '../../api/failure.ts';
import type { Committed, RecordFacts, Trigger } from '../../api/record.ts';
import type { Observed } from '../state/observed.ts';
import { askedOf, timeAfter } from '../state/record.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import type { Release } from '../../api/provider.ts';
import type { State } from '../state/state.ts';
import type { Choice, Target } from '../version/version.ts';
import type { Wishes } from '../pods/wish.ts';

/** The inputs by which a rollout differs from what runs. */
interface NextRollout {
  readonly target: Target | Choice;
  readonly hashes: Committed;
  /** Its system software moves by its own policy, and nothing else changes. */
  readonly isUpdate: boolean;
}

/** The part of a record that does not come from the inputs of its Deployment. */
export type Attempt = Pick<
  RecordFacts,
  | 'trigger'
  | 'startedAt'
  | 'wish'
  | 'foundWith'
  | 'from'
  | 'previousVersion'
  | 'consent'
  | 'retries'
  | 'failures'
  | 'isMending'
  | 'requiredBy'
>;

/** The rollout that begins now. */
export function nextAttempt(
  { installation, retries, revisions }: Observed,
  state: State,
  next: {
    readonly trigger: Trigger;
    readonly wishes: Wishes;
    readonly failures: readonly Failure[];
    readonly isMending: boolean;
    readonly target: NextRollout['target'];
    readonly requiredBy: Attempt['requiredBy'];
  },
  now: number,
): Attempt {
  const { trigger, wishes, failures, target, requiredBy, isMending } = next;
  const { stable } = state;
  const consent = consentOf(installation.spec.upgrade?.allowDowngradeTo, stable, target.version);
  const previous = stable?.version === target.version ? stable.previousVersion : stable?.version;
  const records = revisions.filter((r) => r.kind === 'record');
  return {
    trigger,
    startedAt: timeAfter(records, now),
    // Should it fail, this wish is held.
    wish: trigger === 'Tier' ? wishes.tier : wishes.spec,
    ...(stable && { from: stable.version }),
    ...(previous !== undefined && { previousVersion: previous }),
    ...(consent !== undefined && { consent }),
    retries: [...retries],
    failures: failures.slice(0, MOST_FAILURES),
    ...(isMending && { isMending }),
    ...(requiredBy && { requiredBy }),
  };
}

/** The consent that a move to `version` uses, or that was used before and is still in the spec. */
function consentOf(consent: string | undefined, stable: State['stable'], version: string): string | undefined {
  const isUsed = consent === version && stable !== undefined && semver.lt(version, stable.version);
  return isUsed || consent === usedConsent(stable) ? consent : undefined;
}

/** The version that a consent was used for: it allows no second downgrade until it is taken away. */
export function usedConsent(stable: State['stable']): string | undefined {
  return stable?.mark.isConsentReturned ? undefined : stable?.consent;
}

/** Who needs each system software of a release; nobody: the spec alone asked for it. */
export function requiredBy(release: Release, finder: SoftwareFinder, set: State['software']): Attempt['requiredBy'] {
  const described = finder.describe(release, set).map((use) => [use.name, use.requiredBy.slice(0, 32)] as const);
  return described.length === 0 ? undefined : Object.fromEntries(described.map(([name, by]) => [name, [...by]]));
}

/** The origin of a rollout: where the version moves, whoever chose it; else the spec, or the platform's table of tiers. */
export function triggerOf(
  { base, deployment, head, stands, done, rollout }: State,
  { target, hashes, isUpdate }: NextRollout,
): Trigger {
  if (!base || !deployment) {
    return 'trigger' in target && deployment ? target.trigger : 'Install';
  }
  if (target.version !== base.version) {
    return 'trigger' in target ? target.trigger : 'Spec';
  }
  if (isUpdate) {
    return 'SystemSoftware';
  }
  // An edit in the midst of it is tried with a version that has not proven itself: should it fail, that is to blame first.
  if (stands && head?.trigger === 'Policy' && done === 'never' && rollout?.phase !== 'failed') {
    return 'Policy';
  }
  return base.committed.wish === hashes.wish && askedOf(base) === hashes.asked ? 'Tier' : 'Spec';
}
