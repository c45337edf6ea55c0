import type { Release } from '../api/provider.ts';
import { isAutomatic, type Trigger } from './attempt.ts';
import { findRelease, isImageAllowed, tierDefinition } from './catalogue.ts';
import { budgetOf, inputHashes, wishHash, type Inputs } from './children.ts';
import { inputsHash, type Committed } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { Failure } from './failure-memory.ts';
import { nextAttempt, triggerOf, triggerOfUndone, type NextRollout } from './next-attempt.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { obstacleTo } from './obstacle.ts';
import { problem, type Problem } from './problem.ts';
import { restoreOf } from './rollback.ts';
import { rollbackSettings } from './rollback-settings.ts';
import type { Running } from './running.ts';
import { serviceOf } from './service.ts';
import type { Movement, Resolution, SoftwareFinder } from './software.ts';
import { asksForSoftware, hasAsked, isLeftOver, softwareFor } from './software-for.ts';
import { tierShape } from './tiers.ts';
import { imageNotAllowed, releaseInvalid, type Choice, type Target } from './version.ts';
import type { Wishes } from './wish.ts';

/** These are the inputs of the children that should be there. */
export interface Run {
  readonly kind: 'run';
  readonly version: string;
  readonly inputs: Inputs;
  /** The committed template was made from something else, or there is none. */
  readonly isChanged: boolean;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged: boolean;
  /** The spec says something else about system software, which comes to the same pods: only the Deployment is to remember it. */
  readonly isAskedAnew: boolean;
  /** When system software may be updated, where only the time for it has not come. */
  readonly notBefore?: number | undefined;
}

/** What runs stays: nobody knows its release any more, or the fleet has no room for what the platform changed. */
export interface Keep {
  readonly kind: 'keep';
  readonly version: string;
  readonly isQueued?: boolean;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged?: boolean;
}

/** What a version is to be run with. */
export interface Wanted {
  readonly configuration: Configuration;
  readonly target: Target | Choice;
  readonly wishes: Wishes;
  readonly finder: SoftwareFinder;
  /** `update`: system software may move on by its own policy. */
  readonly movement: Movement;
  readonly failures: readonly Failure[];
  readonly now: number;
}

/** What it takes to run a version as the spec and the platform want it, or what stands in the way. */
export function runOf(observed: Observed, running: Running, wanted: Wanted): Run | Keep | Problem {
  const release = findRelease(observed.catalogue, wanted.target.version);
  return release ? runOfRelease(observed, running, wanted, release) : runOfUnknown(observed, running, wanted);
}

/** What runs needs no catalogue; a change needs the content of its release. */
function runOfUnknown(observed: Observed, running: Running, { target, configuration }: Wanted): Keep | Problem {
  const { installation, catalogue } = observed;
  const { version } = target;
  const { spec } = installation;
  const committed = running.deployment?.committed;
  const isSameWish = committed?.wish === wishHash(installation, version, configuration);
  const isSameSoftware = hasAsked(spec, running.software) && !isLeftOver(installation, running.software);
  if (isSameWish && (!asksForSoftware(spec, committed) || isSameSoftware)) {
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

function runOfRelease(observed: Observed, running: Running, wanted: Wanted, release: Release): Run | Keep | Problem {
  const { installation, catalogue, config } = observed;
  const { configuration, finder, movement, target, wishes, failures, now } = wanted;
  const { spec } = installation;
  const { deployment } = running;
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  const software = softwareFor(observed, running, { release, configuration, finder, movement, target, now });
  if (software.kind === 'problem') {
    return software;
  }
  const { resolution, isUpdate, notBefore } = software;
  const hashes = inputHashes({ installation, release, configuration, definition, software: resolution });
  const next: NextRollout = { target, hashes, wishes, isUpdate };
  const committed = deployment?.committed;
  const isChanged = !isMadeFrom(hashes, deployment);
  const isContentChanged =
    committed !== undefined && committed.release !== hashes.release && deployment?.version === release.version;
  const trigger = triggerOf(observed, running, next);
  const undone = triggerOfUndone(observed, running, next);
  const hindrance = hindranceTo(observed, running, {
    release,
    trigger,
    undone,
    resolution,
    isChanged,
    isContentChanged,
  });
  if (hindrance) {
    return hindrance;
  }
  const { deadlineSeconds, stableSeconds } = rollbackSettings(spec, config);
  const inputs: Inputs = {
    installation,
    release,
    configuration,
    shape: tierShape(spec.resourceTier, definition),
    definition,
    software: resolution,
    softwareDelivery: config.softwareDelivery,
    progressDeadlineSeconds: deadlineSeconds,
    // A template that is restored keeps its memory; a new one begins a rollout.
    ...(deployment && !isChanged
      ? keptFrom(deployment)
      : {
          stableVersion: running.stable,
          attempt: nextAttempt(observed, running, { trigger: undone ?? trigger, wishes }, now),
          failures,
          // A first install replaces nothing, so that nobody has to be sure of it before it counts.
          minReadySeconds: deployment ? stableSeconds : 0,
        }),
  };
  return (
    (serviceOf(inputs) && obstacleTo(installation, 'Service', observed.service)) ??
    (budgetOf(inputs) && obstacleTo(installation, 'PodDisruptionBudget', observed.budget)) ?? {
      kind: 'run',
      version: release.version,
      inputs,
      isChanged,
      isContentChanged: isContentChanged && !isChanged,
      isAskedAnew: !isChanged && committed !== undefined && committed.asked !== hashes.asked,
      ...(notBefore !== undefined && { notBefore }),
    }
  );
}

interface Rendering extends Pick<Run, 'isChanged' | 'isContentChanged'> {
  readonly release: Release;
  readonly trigger: Trigger;
  /** Of the rollout that goes on by this, after somebody undid it. */
  readonly undone: Trigger | undefined;
  readonly resolution: Resolution;
}

/** Why nothing is made of a release for now: what runs is kept, or the wish cannot be had. */
function hindranceTo(
  observed: Observed,
  running: Running,
  { release, trigger, undone, resolution, isChanged, isContentChanged }: Rendering,
): Keep | Problem | undefined {
  const { version } = release;
  const isDamaged = !running.isPristine || isServiceDamaged(observed);
  const isUnasked = trigger === 'Tier' || trigger === 'SystemSoftware';
  // Other content, or an image that is not allowed any more, is brought by nobody who did not ask for new pods.
  if (
    isChanged &&
    isUnasked &&
    (isContentChanged || !isImageAllowed(release.image, observed.config.allowedImagePrefixes))
  ) {
    return { kind: 'keep', version, isContentChanged };
  }
  const canRestore = () => !isServiceDamaged(observed) && restoreOf(observed, running) !== undefined;
  if (isContentChanged && !isChanged && isDamaged && !canRestore()) {
    return problem(
      'ContentChanged',
      `Publish a new version: what somebody changed cannot be undone, because release ${version} was published again with other content`,
    );
  }
  // What was undone has lost its place, which another may have taken since.
  const waitsForSlot = (trigger === 'Tier' && !isDamaged) || trigger === 'SystemSoftware' || isAutomatic(undone);
  if (isChanged && observed.slot === 'queued' && waitsForSlot) {
    return { kind: 'keep', version, isQueued: true };
  }
  if (isChanged && !isImageAllowed(release.image, observed.config.allowedImagePrefixes)) {
    return imageNotAllowed(release);
  }
  // What only the platform changed waits for it; what was saved is restored without it.
  if (resolution.obstacle && isChanged && trigger === 'Tier') {
    return { kind: 'keep', version };
  }
  const isRendered = isChanged || !(running.isSpecIntact || restoreOf(observed, running));
  return isRendered ? resolution.obstacle : undefined;
}

/** What a template that is applied once more had already. */
function keptFrom({ stableVersion, attempt, failures, minReadySeconds }: DeploymentView) {
  return { stableVersion, attempt, failures, minReadySeconds };
}

/** The Service is not as it was applied, or it was deleted. */
function isServiceDamaged({ installation, service }: Observed): boolean {
  return service ? service.applied !== service.owned : installation.status.serviceName !== undefined;
}

/** By what was committed; where that was taken away, by what the pods say. */
function isMadeFrom(hashes: Committed, deployment: DeploymentView | undefined): boolean {
  const { committed, inputsHash: ofPods } = deployment ?? {};
  return committed
    ? committed.wish === hashes.wish && committed.tier === hashes.tier && committed.software === hashes.software
    : ofPods !== undefined && ofPods === inputsHash(hashes);
}
