import { startAfter, type Attempt, type Trigger } from './attempt.ts';
import type { Committed } from './committed.ts';
import type { Observed } from './observed.ts';
import { newest, revisionName } from './revision.ts';
import { formatSoftware } from './software-set.ts';
import type { Running } from './running.ts';
import type { Choice, Target } from './version.ts';
import type { Wishes } from './wish.ts';
import { undoneUnhealed } from './undone.ts';

/** What a rollout is to be made from. */
export interface NextRollout {
  readonly target: Target | Choice;
  readonly hashes: Committed;
  readonly wishes: Wishes;
  /** Its system software moves by its own policy, and nothing else changes. */
  readonly isUpdate: boolean;
}

/** What a Deployment is to remember of the rollout that begins with its new template. */
export function nextAttempt(
  observed: Observed,
  running: Running,
  { trigger, wishes }: Pick<NextRollout, 'wishes'> & Pick<Attempt, 'trigger'>,
  now: number,
): Attempt {
  const saved = wayBack(observed, running);
  return {
    trigger,
    startedAt: startAfter([running.deployment?.attempt, observed.installation.status.history?.[0]], now),
    // What is held if it fails.
    wish: trigger === 'Tier' ? wishes.tier : wishes.spec,
    ...(saved !== undefined && { wayBack: saved }),
  };
}

/** What has been rolled out well is saved before it is replaced; in the midst of a rollout the way back stays the same. */
function wayBack({ installation, revisions }: Observed, running: Running): string | undefined {
  const { deployment, installed, stable, stableSoftware, isProven } = running;
  // An older one that somebody brought back is not what was installed: nobody asked to go there.
  if (deployment?.version !== installed || undoneUnhealed(installation.status, deployment)) {
    const had = formatSoftware(stableSoftware);
    return newest(revisions.filter((r) => r.version === stable && r.committed?.software === had))?.name;
  }
  return isProven && deployment?.committed
    ? revisionName(installation, deployment.committed)
    : deployment?.attempt?.wayBack;
}

/** What somebody undid in its midst goes on, and whoever asked for it did so before. */
export function triggerOfUndone(
  { installation }: Observed,
  { deployment, installed, isDropped }: Running,
  { target }: Pick<NextRollout, 'target'>,
): Trigger | undefined {
  const undone = isDropped ? undefined : undoneUnhealed(installation.status, deployment);
  const goesOn = undone?.result === undefined && undone?.version === installed && target.version === installed;
  return goesOn ? undone?.trigger : undefined;
}

/** Who asked for it: a version that moves, by whom it was chosen; else the spec, or the platform's table of tiers. */
export function triggerOf(
  { installation }: Observed,
  { deployment, installed, rollout, isProven }: Running,
  { target, hashes, isUpdate }: NextRollout,
): Trigger {
  if (!deployment) {
    return 'Install';
  }
  if (target.version !== installed) {
    return 'trigger' in target ? target.trigger : 'Spec';
  }
  if (isUpdate) {
    return 'SystemSoftware';
  }
  // An edit in the midst of it is tried with a version that has not proven itself: should it fail, that is to blame first.
  // An older rollout that somebody brought back is none that is under way.
  const isInMidst = !isProven && rollout?.phase !== 'failed' && !undoneUnhealed(installation.status, deployment);
  if (deployment.attempt?.trigger === 'Policy' && isInMidst) {
    return 'Policy';
  }
  const { wish, asked } = deployment.committed ?? {};
  return wish === hashes.wish && asked === hashes.asked ? 'Tier' : 'Spec';
}
