import { findRelease, isImageAllowed, tierDefinition } from './catalogue.ts';
import { budgetOf, inputHashes, serviceOf, wishHash, type Inputs } from './children.ts';
import { readConfiguration } from './environment.ts';
import type { ChildKind, ChildView, Installation, Observed } from './observed.ts';
import { ownershipOf } from './ownership.ts';
import { problem, waitFor, type Problem } from './problem.ts';
import type { Running } from './running.ts';
import { tierShape } from './tiers.ts';
import { decideVersion, imageNotAllowed } from './version.ts';

export type Decision = Run | Keep | Problem;

/** The wish can be had: these are the inputs of its children. */
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

/** What should run: the first thing that stands in the way, else the inputs of the children. */
export function decide(observed: Observed, running: Running, now: number): Decision {
  const { installation, catalogue, config } = observed;
  const { spec } = installation;
  if (installation.invalid !== undefined) {
    return problem('InvalidSpec', `Correct the spec: ${installation.invalid}`);
  }
  const standing = obstacleTo(installation, 'Deployment', observed.deployment);
  if (standing) {
    return standing;
  }
  const configuration = readConfiguration(spec, observed.references, config.reservedEnvNames);
  if (configuration.kind === 'problem') {
    return configuration;
  }
  const target = decideVersion({
    spec,
    catalogue,
    config,
    stable: running.stable,
    installed: running.installed,
    rollingOut: running.rollout?.phase === 'progressing',
    now,
  });
  if (target.kind === 'problem') {
    return target;
  }
  const { version } = target;
  const committed = running.deployment?.committed;
  const release = findRelease(catalogue, version);
  if (!release) {
    return committed?.wish === wishHash(installation, version, configuration)
      ? { kind: 'keep', version }
      : problem(
          'ReleaseMissing',
          `Publish release ${version} of "${spec.provider}" again, or set another version: the change needs its content`,
        );
  }
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  const hashes = inputHashes({ installation, release, configuration, definition });
  const isChanged = committed?.wish !== hashes.wish || committed.tier !== hashes.tier;
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
    (serviceOf(inputs, []) && obstacleTo(installation, 'Service', observed.service)) ??
    (budgetOf(inputs) && obstacleTo(installation, 'PodDisruptionBudget', observed.budget)) ?? {
      kind: 'run',
      version,
      inputs,
      isChanged,
      isContentChanged: !isChanged && committed.release !== hashes.release,
    }
  );
}

/** The child of this name, where it is not ours and cannot become ours now. */
export function obstacleTo(
  installation: Installation,
  kind: ChildKind,
  child: ChildView | undefined,
): Problem | undefined {
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
