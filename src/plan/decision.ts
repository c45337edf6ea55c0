import { hash } from '../api/hash.ts';
import { assess, type Assessment } from './assessment.ts';
import { findRelease, isImageAllowed, tierDefinition } from './catalogue.ts';
import { budgetOf, inputHashes, wishHash, type Inputs } from './children.ts';
import { readConfiguration, type Configuration } from './environment.ts';
import type { ChildKind, ChildView, Installation, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { problem, waitFor, type Problem } from './problem.ts';
import type { Running } from './running.ts';
import { serviceOf } from './service.ts';
import { tierShape } from './tiers.ts';
import type { VersionInput } from './version-input.ts';
import { decideVersion, imageNotAllowed, releaseInvalid, type VersionDecision } from './version.ts';

export type Decision = Run | Keep | Refusal;

/** These are the inputs of the children that should be there. */
export interface Run {
  readonly kind: 'run';
  readonly version: string;
  readonly inputs: Inputs;
  /** The committed template was made from something else, or there is none. */
  readonly isChanged: boolean;
  /** The release was published again with other content than the running pods have. */
  readonly isContentChanged: boolean;
}

/** The wish runs already, and nobody knows its release any more: what runs needs no catalogue. */
interface Keep {
  readonly kind: 'keep';
  readonly version: string;
}

/** The wish cannot be had. What runs is still restored where somebody damages it and its inputs are known. */
interface Refusal extends Problem {
  readonly restore?: Run;
}

/** A decision, and what may come after it; that is absent where the spec cannot be read. */
export interface Decided {
  readonly decision: Decision;
  readonly outlook?: Outlook;
}

/** What may come next, and when. */
export interface Outlook {
  readonly input: VersionInput;
  readonly assessments: readonly Assessment[];
  readonly choice: VersionDecision;
}

/** What should run: the first thing that stands in the way, else the inputs of the children. */
export function decide(observed: Observed, running: Running, now: number): Decided {
  const { installation, config } = observed;
  if (installation.invalid !== undefined) {
    return { decision: problem('InvalidSpec', `Correct the spec: ${installation.invalid}`) };
  }
  const standing = obstacleTo(installation, 'Deployment', observed.deployment);
  if (standing) {
    return { decision: standing };
  }
  const configuration = readConfiguration(installation.spec, observed.references, config.reservedEnvNames);
  if (configuration.kind === 'problem') {
    return { decision: configuration };
  }
  const outlook = outlookOf(observed, running, now);
  return { decision: decideWith(observed, running, configuration, outlook.choice), outlook };
}

function outlookOf(observed: Observed, running: Running, now: number): Outlook {
  const { installation, catalogue, config, firstSeen, kubernetesVersion } = observed;
  const { spec, status, uid } = installation;
  const input: VersionInput = {
    spec,
    catalogue,
    config,
    stable: running.stable,
    installed: running.installed,
    isHeld: spec.suspend === true || running.rollout?.phase === 'progressing',
    usedConsent: status.usedConsent,
    isAvailable: running.isAvailable,
    firstSeen,
    kubernetesVersion,
    turn: hash(uid),
    now,
  };
  const assessments = assess(input);
  return { input, assessments, choice: decideVersion(input, assessments) };
}

function decideWith(
  observed: Observed,
  running: Running,
  configuration: Configuration,
  choice: VersionDecision,
): Decision {
  if (choice.kind === 'target') {
    return runOf(observed, running, configuration, choice.version);
  }
  const restore = running.installed !== undefined && runOf(observed, running, configuration, running.installed);
  // Without a Deployment there is nothing to compare with, and anything is better than no pods at all.
  return restore && restore.kind === 'run' && (!running.deployment || !restore.isChanged)
    ? { ...choice, restore }
    : choice;
}

function runOf(
  observed: Observed,
  running: Running,
  configuration: Configuration,
  version: string,
): Run | Keep | Problem {
  const { installation, catalogue, config } = observed;
  const { spec } = installation;
  const committed = running.deployment?.committed;
  const release = findRelease(catalogue, version);
  const fault = catalogue?.invalid.find((r) => r.version === version);
  if (!release) {
    if (committed?.wish === wishHash(installation, version, configuration)) {
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
  const hashes = inputHashes({ installation, release, configuration, definition });
  const isChanged = committed?.wish !== hashes.wish || committed.tier !== hashes.tier;
  const isContentChanged = !isChanged && committed.release !== hashes.release;
  const isDamaged = !running.isPristine || isServiceDamaged(observed);
  if (isContentChanged && isDamaged) {
    return problem(
      'ContentChanged',
      `Publish a new version: what somebody changed cannot be undone, because release ${version} was published again with other content`,
    );
  }
  if (isChanged && !isImageAllowed(release.image, config.allowedImagePrefixes)) {
    return imageNotAllowed(release);
  }
  const inputs: Inputs = {
    installation,
    release,
    configuration,
    shape: tierShape(spec.resourceTier, definition),
    definition,
    stableVersion: isChanged ? running.stable : running.deployment?.stableVersion,
    progressDeadlineSeconds: config.defaults.progressDeadlineSeconds,
  };
  return (
    (serviceOf(inputs) && obstacleTo(installation, 'Service', observed.service)) ??
    (budgetOf(inputs) && obstacleTo(installation, 'PodDisruptionBudget', observed.budget)) ?? {
      kind: 'run',
      version,
      inputs,
      isChanged,
      isContentChanged,
    }
  );
}

/** The Service is not as it was applied, or it was deleted. */
function isServiceDamaged({ installation, service }: Observed): boolean {
  return service ? service.applied !== service.owned : installation.status.serviceName !== undefined;
}

/** The child of this name, where it is not ours and cannot become ours now. */
function obstacleTo(installation: Installation, kind: ChildKind, child: ChildView | undefined): Problem | undefined {
  const ownership = ownershipOf(child, installation);
  const it = `${kind} "${installation.name}"`;
  switch (ownership.kind) {
    case 'absent':
    case 'ours':
    case 'orphan':
      return undefined;
    case 'leaving':
      return waitFor('WaitingForGarbageCollection', `${it} is being removed, it comes back after that`);
    case 'foreign':
      return problem(
        'NameConflict',
        `${it} belongs to ${ownership.owner} and is left alone: delete it, or install under another name`,
      );
  }
}
