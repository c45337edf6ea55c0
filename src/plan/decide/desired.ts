import type { Failure } from '../../api/failure.ts';
import type { Release } from '../../api/provider.ts';
import type { Committed, Trigger } from '../../api/record.ts';
import { epoch } from '../../api/time.ts';
import { nextAttempt, requiredBy, triggerOf, type Attempt } from './attempt.ts';
import { findRelease, isImageAllowed, tierDefinition } from '../catalogue/catalogue.ts';
import { inputHashes, wishHash, type Inputs } from '../pods/inputs.ts';
import { isMadeFrom } from '../state/committed.ts';
import type { Configuration } from '../pods/environment.ts';
import { failureBefore } from '../failures/failures.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import { problem, type Problem } from '../../api/problem.ts';
import { askedOf, begunRecord, nextNumber, NOTHING_ASKED } from '../state/record.ts';
import { imageNotAllowed, releaseInvalid } from '../version/refusal.ts';
import { rollbackSettings } from '../state/rollback-settings.ts';
import type { Resolution } from '../software/resolution.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import { asksForSoftware, isAsAsked, softwareFor } from './software-for.ts';
import type { State } from '../state/state.ts';
import { tierShape } from '../pods/tiers.ts';
import type { Choice, Target } from '../version/version.ts';
import type { Wishes } from '../pods/wish.ts';

/** These are the inputs of the children that should be there. */
export type Desired = Start | Stay;

/** A rollout begins. */
export interface Start extends Running {
  readonly isChanged: true;
  readonly attempt: Attempt;
  readonly committed: Committed;
  /** The record of it, where it was written before and its Deployment was not applied. */
  readonly begun: RolloutRecord | undefined;
}

/** The pods that run were made from these inputs. */
export interface Stay extends Running {
  readonly isChanged: false;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged: boolean;
  /** Hash of what the spec says of system software by now, where it comes to the same pods: only the record has to learn it. */
  readonly askedAnew: string | undefined;
}

interface Running {
  readonly kind: 'run';
  readonly version: string;
  readonly inputs: Inputs;
  /** When system software may be updated, where only the time for it has not come. */
  readonly notBefore?: number | undefined;
}

/** The running pods stay: nobody knows their release any more, or the fleet has no room for a change by the platform. */
export interface Keep {
  readonly kind: 'keep';
  readonly version: string;
  readonly isQueued?: boolean;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged?: boolean;
}

/** The version to run, and all that its inputs are made from. */
export interface Wanted {
  readonly configuration: Configuration;
  readonly target: Target | Choice;
  readonly wishes: Wishes;
  readonly finder: SoftwareFinder;
  readonly failures: readonly Failure[];
  readonly now: number;
}

/** The inputs that run a version as the spec and the platform want it, or the problem that stands in the way. */
export function runOf(observed: Observed, state: State, wanted: Wanted): Desired | Keep | Problem {
  const release = findRelease(observed.catalogue, wanted.target.version);
  return release ? runOfRelease(observed, state, wanted, release) : runOfUnknown(observed, state, wanted);
}

/** Running pods need no catalogue. A change needs the content of its release. */
function runOfUnknown(
  { installation, catalogue }: Observed,
  { base, software }: State,
  { target, configuration }: Wanted,
): Keep | Problem {
  const { version } = target;
  const { spec } = installation;
  const isSameWish = base?.committed.wish === wishHash(installation, version, configuration);
  const isSameSoftware = base !== undefined && isAsAsked(spec, software, base);
  if (base && isSameWish && (!asksForSoftware(spec, base) || isSameSoftware)) {
    return { kind: 'keep', version };
  }
  const fault = catalogue?.invalid.find((r) => r.version === version);
  return fault
    ? releaseInvalid(spec, fault)
    : problem(
        'ReleaseMissing',
        `Publish release ${version} of "${spec.provider}" again, or set another version: the change needs its content`,
      );
}

function runOfRelease(observed: Observed, state: State, wanted: Wanted, release: Release): Desired | Keep | Problem {
  const { installation, catalogue, config } = observed;
  const { configuration, finder, target, wishes, failures, now } = wanted;
  const { spec } = installation;
  const { base } = state;
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  const software = softwareFor(observed, state, { release, configuration, finder, target, now });
  if (software.kind === 'problem') {
    return software;
  }
  const { resolution, isUpdate, notBefore } = software;
  const hashes = inputHashes({ installation, release, configuration, definition, software: resolution });
  const isChanged = !isMadeFrom(hashes, base?.committed);
  const isContentChanged = base?.version === release.version && base.committed.release !== hashes.release;
  const { deadlineSeconds, stableSeconds } = rollbackSettings(spec, config);
  const inputs = {
    installation,
    release,
    configuration,
    shape: tierShape(spec.resourceTier, definition),
    definition,
    software: resolution,
    softwareDelivery: config.softwareDelivery,
    progressDeadlineSeconds: deadlineSeconds,
  };
  const waits = notBefore === undefined ? {} : { notBefore };
  if (!isChanged && base) {
    const askedAnew = askedOf(base) === hashes.asked ? undefined : (hashes.asked ?? NOTHING_ASKED);
    return {
      kind: 'run',
      version: release.version,
      // Healing applies the same record with the same caution as before.
      inputs: { ...inputs, number: base.number, minReadySeconds: base.minReadySeconds },
      isChanged: false,
      isContentChanged,
      askedAnew,
      ...waits,
    };
  }
  const trigger = triggerOf(state, { target, hashes, isUpdate });
  const hindrance = hindranceTo(observed, { release, trigger, resolution, isContentChanged });
  if (hindrance) {
    return hindrance;
  }
  const begun = begunBefore(state, { hashes, trigger, now, deadlineMs: deadlineSeconds * 1000 });
  const isMending = failureBefore(state) !== undefined;
  const needs = requiredBy(release, finder, resolution.set);
  return {
    kind: 'run',
    version: release.version,
    inputs: {
      ...inputs,
      number: begun?.number ?? nextNumber(observed),
      // A first install replaces nothing, so that nobody has to be sure of it before it counts.
      minReadySeconds: begun?.minReadySeconds ?? (state.deployment ? stableSeconds : 0),
    },
    attempt:
      begun ?? nextAttempt(observed, state, { trigger, wishes, failures, isMending, target, requiredBy: needs }, now),
    committed: hashes,
    begun,
    isChanged: true,
    ...waits,
  };
}

/**
 * The record of this very rollout, where it was written and then nothing was applied. One that is old would leave the
 * rollout too little of its time.
 */
function begunBefore(
  state: State,
  next: {
    readonly hashes: Committed;
    readonly trigger: Trigger;
    readonly now: number;
    readonly deadlineMs: number;
  },
): RolloutRecord | undefined {
  const begun = begunRecord(state);
  const isSame = begun?.trigger === next.trigger && isMadeFrom(next.hashes, begun.committed);
  const isYoung = begun !== undefined && next.now < epoch(begun.startedAt) + next.deadlineMs / 2;
  return isSame && isYoung ? begun : undefined;
}

interface Rendering {
  readonly release: Release;
  readonly trigger: Trigger;
  readonly resolution: Resolution;
  readonly isContentChanged: boolean;
}

/** Why no rollout of a release begins for now: what runs is kept, or the wish cannot be had. */
function hindranceTo(
  { config, slot }: Observed,
  { release, trigger, resolution, isContentChanged }: Rendering,
): Keep | Problem | undefined {
  const { version } = release;
  const isUnasked = trigger === 'Tier' || trigger === 'SystemSoftware';
  const isAllowed = isImageAllowed(release.image, config.allowedImagePrefixes);
  // Other content, or an image that is not allowed any more, is brought by nobody who did not ask for new pods.
  if (isUnasked && (isContentChanged || !isAllowed)) {
    return { kind: 'keep', version, isContentChanged };
  }
  if (isUnasked && slot === 'queued') {
    return { kind: 'keep', version, isQueued: true };
  }
  if (!isAllowed) {
    return imageNotAllowed(release);
  }
  // A tier change by the platform waits until the missing software is published.
  return resolution.obstacle && trigger === 'Tier' ? { kind: 'keep', version } : resolution.obstacle;
}
