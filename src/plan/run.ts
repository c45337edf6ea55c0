import { findRelease, isImageAllowed, tierDefinition } from './catalogue.ts';
import { budgetOf, inputHashes, wishHash, type Inputs } from './children.ts';
import { inputsHash, type Committed } from './committed.ts';
import type { Configuration } from './environment.ts';
import type { Failure } from './failure-memory.ts';
import { nextAttempt, triggerOf } from './next-attempt.ts';
import type { DeploymentView, Observed } from './observed.ts';
import { obstacleTo } from './obstacle.ts';
import { problem, type Problem } from './problem.ts';
import { restoreOf } from './rollback.ts';
import { rollbackSettings } from './rollback-settings.ts';
import type { Running } from './running.ts';
import { serviceOf } from './service.ts';
import type { Movement, SoftwareFinder } from './software.ts';
import { asksForSoftware, hasAsked, softwareFor } from './software-for.ts';
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
  const { installation, catalogue, config } = observed;
  const { configuration, target, wishes, failures, finder, now } = wanted;
  const { version } = target;
  const { spec } = installation;
  const committed = running.deployment?.committed;
  const release = findRelease(catalogue, version);
  const fault = catalogue?.invalid.find((r) => r.version === version);
  if (!release) {
    if (
      committed?.wish === wishHash(installation, version, configuration) &&
      (!asksForSoftware(spec, committed) || hasAsked(spec, running.software))
    ) {
      return { kind: 'keep', version };
    }
    return fault
      ? releaseInvalid(spec, fault)
      : problem(
          'ReleaseMissing',
          `Publish release ${version} of "${spec.provider}" again, or set another version: the change needs its content`,
        );
  }
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  const ofSoftware = { release, configuration, finder, movement: wanted.movement, target, now };
  const software = softwareFor(observed, running, ofSoftware);
  if (software.kind === 'problem') {
    return software;
  }
  const hashes = inputHashes({ installation, release, configuration, definition, software: software.resolution });
  const isChanged = !isMadeFrom(hashes, running.deployment);
  const isContentChanged = !isChanged && committed !== undefined && committed.release !== hashes.release;
  const isDamaged = !running.isPristine || isServiceDamaged(observed);
  if (isContentChanged && isDamaged) {
    return problem(
      'ContentChanged',
      `Publish a new version: what somebody changed cannot be undone, because release ${version} was published again with other content`,
    );
  }
  const next = { target, hashes, wishes, isUpdate: software.isUpdate };
  const trigger = triggerOf(running, next);
  const waitsForSlot = (trigger === 'Tier' && !isDamaged) || trigger === 'SystemSoftware';
  if (isChanged && observed.slot === 'queued' && waitsForSlot) {
    return { kind: 'keep', version, isQueued: true };
  }
  if (isChanged && !isImageAllowed(release.image, config.allowedImagePrefixes)) {
    return imageNotAllowed(release);
  }
  const { resolution } = software;
  // What only the platform changed waits for it; what was saved is restored without it.
  if (resolution.obstacle && isChanged && trigger === 'Tier') {
    return { kind: 'keep', version };
  }
  const isRendered = isChanged || !(running.isSpecIntact || restoreOf(observed, running));
  if (resolution.obstacle && isRendered) {
    return resolution.obstacle;
  }
  const { deadlineSeconds, stableSeconds } = rollbackSettings(spec, config);
  const { deployment } = running;
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
          attempt: nextAttempt(observed, running, next, now),
          failures,
          // A first install replaces nothing, so that nobody has to be sure of it before it counts.
          minReadySeconds: deployment ? stableSeconds : 0,
        }),
  };
  return (
    (serviceOf(inputs) && obstacleTo(installation, 'Service', observed.service)) ??
    (budgetOf(inputs) && obstacleTo(installation, 'PodDisruptionBudget', observed.budget)) ?? {
      kind: 'run',
      version,
      inputs,
      isChanged,
      isContentChanged,
      isAskedAnew: !isChanged && committed !== undefined && committed.asked !== hashes.asked,
      ...(software.notBefore !== undefined && { notBefore: software.notBefore }),
    }
  );
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
