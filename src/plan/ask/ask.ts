import semver from 'semver';
import { problem, type Problem } from '../../api/problem.ts';
import { newestTakeable } from '../tell/candidates.ts';
import type { Installation, Observed } from '../state/observed.ts';
import { prospectOf, refusalOf, type Prospect } from './prospect.ts';

/**
 * What somebody asks for in a request, as the change of the spec that brings it. Whether it can be had is found by the same
 * decisions that the operator makes of the spec afterwards.
 */
export interface Ask {
  readonly kind: 'ask';
  /** A merge patch (RFC 7386) of the spec; empty where nothing changes. */
  readonly spec: SpecPatch;
  /** What failed before is tried again. */
  readonly retries: boolean;
}

type SpecPatch = { readonly version?: string; readonly upgrade?: { readonly allowDowngradeTo: string } };

const NOTHING: Ask = { kind: 'ask', spec: {}, retries: false };

/** To a version, or without one to the newest that can be had. */
export function askUpgrade(observed: Observed, named: string | undefined, now: number): Ask | Problem {
  const { spec } = observed.installation;
  const before = prospectOf(observed, now);
  const version = named ?? newestFor(observed, before, now);
  if (typeof version === 'object') {
    return version;
  }
  if (version === undefined) {
    return NOTHING;
  }
  const { stable, goal } = before;
  if (stable !== undefined && semver.lt(version, stable)) {
    return problem(
      'UseDowngrade',
      `Ask for a downgrade instead: ${version} is lower than ${stable}, which is installed`,
    );
  }
  const isThere = version === goal && !before.isHeld && !before.problem;
  const isBelowFloor = spec.upgradePolicy === 'auto' && spec.version !== undefined && semver.lte(version, spec.version);
  if (isThere && (spec.version === version || isBelowFloor || named === undefined || before.path.length === 0)) {
    return NOTHING;
  }
  return judged(observed, before, { version }, now);
}

/** Without a version to name there is nothing to do where nothing newer is published, and a problem where none can be had. */
function newestFor(observed: Observed, before: Prospect, now: number): string | undefined | Problem {
  const { installation } = observed;
  if (before.stable === undefined && before.assessments.length === 0) {
    const free = prospectOf(withSpec(observed, { ...installation.spec, version: undefined }), now);
    return free.problem ?? free.goal;
  }
  const newest = newestTakeable(before.assessments, now);
  if (newest || before.assessments.length === 0) {
    return newest?.release.version;
  }
  const waiting = before.assessments.slice(0, 3).map(({ release: { version }, blockedBy }) => {
    const reasons = blockedBy.filter((reason) => reason !== 'Policy');
    return reasons.length === 0 ? version : `${version} (${reasons.join(', ')})`;
  });
  return problem('NothingTakeable', `Name the version to take: none is taken unnamed of ${waiting.join(', ')}`);
}

/** To a version that is lower than the one that is installed, with the consent that this needs. */
export function askDowngrade(observed: Observed, version: string, now: number): Ask | Problem {
  const { spec } = observed.installation;
  if (spec.upgradePolicy === 'auto') {
    return problem(
      'SwitchToManual',
      'Set the upgrade policy to manual first: automation would take the newer one again',
    );
  }
  const before = prospectOf(observed, now);
  const { stable } = before;
  if (stable === undefined) {
    return problem('NothingInstalled', 'Ask for an upgrade instead: nothing is installed yet that could be downgraded');
  }
  if (!semver.lt(version, stable)) {
    return problem(
      'NotLower',
      `Ask for an upgrade instead: ${version} is not lower than ${stable}, which is installed`,
    );
  }
  return judged(observed, before, { version, upgrade: { allowDowngradeTo: version } }, now);
}

/** What failed with this very wish is tried again: who asks for it by name wants that. */
function judged(observed: Observed, before: Prospect, patch: SpecPatch, now: number): Ask | Problem {
  const { spec } = observed.installation;
  const next = withSpec(observed, {
    ...spec,
    version: patch.version,
    ...(patch.upgrade && { upgrade: { ...spec.upgrade, ...patch.upgrade } }),
  });
  const first = prospectOf(next, now);
  const retries = first.isHeld || first.problem?.reason === 'PreviouslyFailed';
  const after = retries ? prospectOf({ ...next, retries: [...next.retries, RETRY] }, now) : first;
  // What was wrong before is no reason against it, unless it is about the version itself.
  const choice = after.outlook?.choice;
  const refusal = choice?.kind === 'problem' ? choice : refusalOf(before, after);
  return refusal ?? { kind: 'ask', spec: patch, retries };
}

/** Stands for the value that the request will set. */
const RETRY = 'this request';

export function withSpec(observed: Observed, spec: Installation['spec'] | object): Observed {
  const { installation } = observed;
  const next = spec as Installation['spec'];
  return { ...observed, installation: { ...installation, generation: installation.generation + 1, spec: next } };
}
