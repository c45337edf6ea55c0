import type { Failure } from '../../api/failure.ts';
import type { Release } from '../../api/provider.ts';
import type { Committed, Trigger } from '../../api/record.ts';
import { epoch } from '../../api/time.ts';
import { nextAttempt, requiredBy, triggerOf, type Attempt } from './attempt.ts';
import { findRelease, tierDefinition } from '../catalogue/catalogue.ts';
import { inputHashes, wishAgain, type Inputs } from '../pods/inputs.ts';
import { isMadeFrom } from '../state/committed.ts';
import { asItRuns } from './as-it-runs.ts';
import { contentHash } from '../catalogue/content.ts';
import type { Answers } from '../pods/answers.ts';
import type { Configuration } from '../pods/environment.ts';
import { hindranceTo, type Keep } from './hindrance.ts';
import { failureBefore } from '../failures/failures.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import { problem, type Problem } from '../../api/problem.ts';
import { askedOf, begunRecord, nextNumber, NOTHING_ASKED } from '../state/record.ts';
import { releaseInvalid, unanswered } from '../version/refusal.ts';
import { rollbackSettings } from '../state/rollback-settings.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import { asksForSoftware, isAsAsked, softwareFor, type Chosen } from './software-for.ts';
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

/** The version to run, and all that its inputs are made from. */
export interface Wanted {
  readonly configuration: Configuration;
  readonly answers: Answers;
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
  wanted: Wanted,
): Keep | Problem {
  const { version } = wanted.target;
  const { spec } = installation;
  const isSameWish = base?.committed.wish === wishAgain(installation, version, wanted, base);
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

/** In this order: the software to run with; whether the pods that run are those already; what hinders a rollout; the rollout. */
function runOfRelease(observed: Observed, state: State, wanted: Wanted, published: Release): Desired | Keep | Problem {
  const release = asItRuns(published, state.stable);
  const software = softwareFor(observed, state, { ...wanted, release });
  if (software.kind === 'problem') {
    return software;
  }
  const rendering = render(observed, state, wanted, release, software);
  const { base } = state;
  const { sheet } = rendering.inputs;
  if (sheet.tooLate.length > 0) {
    return unanswered(release, sheet);
  }
  if (base && isMadeFrom(hashesNow(observed, wanted, base, rendering), base.committed)) {
    return stayOf(base, rendering, isOtherContent(base, published));
  }
  const trigger = triggerOf(state, { target: wanted.target, hashes: rendering.hashes, isUpdate: software.isUpdate });
  return (
    hindranceTo(observed, {
      trigger,
      release,
      sheet,
      resolution: software.resolution,
      isContentChanged: isOtherContent(base, release),
    }) ?? startOf(observed, state, wanted, { ...rendering, trigger })
  );
}

/** All that a rollout of one release is made from, but for the number of its record. */
interface Rendering extends Pick<Running, 'notBefore'> {
  readonly inputs: Omit<Inputs, 'number' | 'minReadySeconds'>;
  readonly hashes: Committed;
}

/** What is asked for by content that was published later is no change of what runs. */
function hashesNow(
  { installation }: Observed,
  wanted: Wanted,
  base: RolloutRecord,
  { inputs, hashes }: Rendering,
): Committed {
  const { version } = inputs.release;
  return { ...hashes, wish: wishAgain(installation, version, wanted, base) };
}

/** What pods of a release are made from with a set of software, by the present spec and platform. */
export function render(
  { installation, catalogue, config }: Observed,
  { restart }: Pick<State, 'restart'>,
  { configuration, answers }: Pick<Wanted, 'configuration' | 'answers'>,
  release: Release,
  { resolution, notBefore }: Pick<Chosen, 'resolution' | 'notBefore'>,
): Rendering {
  const { spec } = installation;
  const sheet = answers.to(release, resolution.uses);
  const answered = answers.hashOf(sheet.inputs);
  const definition = tierDefinition(catalogue, config, spec.resourceTier);
  return {
    inputs: {
      installation,
      release,
      configuration,
      sheet,
      answered,
      restart,
      shape: tierShape(spec.resourceTier, definition),
      definition,
      software: resolution,
      softwareDelivery: config.softwareDelivery,
      progressDeadlineSeconds: rollbackSettings(spec, config).deadlineSeconds,
    },
    hashes: inputHashes({ installation, release, configuration, answered, restart, definition, software: resolution }),
    ...(notBefore !== undefined && { notBefore }),
  };
}

function isOtherContent(base: RolloutRecord | undefined, release: Release): boolean {
  return base?.version === release.version && base.committed.release !== contentHash(release);
}

function stayOf(base: RolloutRecord, { inputs, hashes, ...rest }: Rendering, isContentChanged: boolean): Stay {
  return {
    kind: 'run',
    version: inputs.release.version,
    // Healing applies the same record with the same caution as before.
    inputs: { ...inputs, number: base.number, minReadySeconds: base.minReadySeconds },
    isChanged: false,
    isContentChanged,
    askedAnew: askedOf(base) === hashes.asked ? undefined : (hashes.asked ?? NOTHING_ASKED),
    ...rest,
  };
}

function startOf(
  observed: Observed,
  state: State,
  { target, wishes, finder, failures, now }: Wanted,
  { inputs, hashes, trigger, ...rest }: Rendering & { readonly trigger: Trigger },
): Start {
  const { deadlineSeconds, stableSeconds } = rollbackSettings(observed.installation.spec, observed.config);
  const begun = begunBefore(state, { hashes, trigger, now, deadlineMs: deadlineSeconds * 1000 });
  const isMending = failureBefore(state) !== undefined;
  const needs = requiredBy(inputs.release, finder, inputs.software.set);
  return {
    kind: 'run',
    version: inputs.release.version,
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
    ...rest,
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
