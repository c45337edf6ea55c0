import { hash } from '../api/hash.ts';
import { epoch } from '../api/time.ts';
import { assess, type Assessment } from './assessment.ts';
import { failureOf } from './blame.ts';
import { cancelOf } from './cancel.ts';
import { culpritOf } from './culprit.ts';
import { readConfiguration } from './environment.ts';
import { addFailure, avoidedSoftware, heldFailure, rememberedFailures, type Failure } from './failure-memory.ts';
import { healNotBefore } from './heal.ts';
import type { Observed } from './observed.ts';
import { obstacleTo } from './obstacle.ts';
import { problem, type Problem } from './problem.ts';
import { recoveryOf, returningOf } from './recovery.ts';
import { rollbackOf, type Rollback } from './rollback.ts';
import { runOf, type Keep, type Run, type Wanted } from './run.ts';
import { isStranded, isStuck, type Running } from './running.ts';
import { softwareFinder, type SoftwareFinder } from './software.ts';
import type { VersionInput } from './version-input.ts';
import { decideVersion, type VersionDecision } from './version.ts';
import { isOneOf, wishesOf, type Wishes } from './wish.ts';

export type Decision = Run | Keep | Held | Rollback | Refusal;

/** What the spec asks for was tried and failed: what ran before goes on until the spec changes. */
export interface Held {
  readonly kind: 'held';
  readonly version: string;
  readonly failure: Failure;
  /** Not the spec but the platform's table of tiers changed. */
  readonly isOfPlatform: boolean;
}

/** The wish cannot be had. What runs is still restored where somebody damages it and its inputs are known. */
interface Refusal extends Problem {
  readonly restore?: Run;
}

/** A decision, and how it looks for the releases that could come next; that is absent where the spec cannot be read. */
export interface Decided {
  readonly decision: Decision;
  readonly outlook?: Outlook;
}

/** What may come next, and when. */
export interface Outlook {
  readonly wishes: Wishes;
  readonly input: VersionInput;
  readonly assessments: readonly Assessment[];
  readonly choice: VersionDecision;
}

/** What should run: the first thing that stands in the way, else the inputs of the children. */
export function decide(observed: Observed, running: Running, now: number): Decided {
  const { installation, config } = observed;
  const standing = obstacleTo(installation, 'Deployment', observed.deployment);
  if (standing) {
    return { decision: standing };
  }
  const configuration = readConfiguration(installation.spec, observed.references, config.reservedEnvNames);
  const isReadable = installation.invalid === undefined && configuration.kind !== 'problem';
  const finder = softwareFinder(softwareInput(observed, running, now));
  const failure = failureOf(observed, running, isReadable ? { configuration, finder } : undefined);
  if (installation.invalid !== undefined || configuration.kind === 'problem') {
    // What failed goes back, whatever is wrong with the spec by now.
    const rollback = rollbackOf(observed, running, { failures: running.deployment?.failures ?? [], failure, now });
    const fault = installation.invalid;
    const wrong = fault === undefined ? undefined : problem('InvalidSpec', `Correct the spec: ${fault}`);
    return { decision: rollback ?? wrong ?? (configuration as Problem) };
  }
  const wishes = wishesOf(observed, configuration);
  const remembered = rememberedFailures(observed, running, wishes);
  const rollback =
    rollbackOf(observed, running, { failures: remembered, failure, now }) ??
    (installation.spec.suspend === true
      ? undefined
      : recoveryOf(observed, running, { failures: remembered, wish: wishes.spec, now }));
  const failures = rollback?.failures ?? [
    ...refusedTier(observed, running, wishes),
    ...withStuck(remembered, running, failure),
  ];
  const held = rollback ? undefined : heldBy(observed, running, { failures, wishes, now });
  const outlook = outlookOf(observed, running, { rollback, held, failures, wishes, finder, now });
  const wanted = { configuration, failures, wishes, finder, now };
  const decision =
    rollback ?? held ?? returningOf(running, wishes) ?? decideWith(observed, running, wanted, outlook.choice);
  const begins =
    decision !== rollback && (decision.kind === 'rollback' || (decision.kind === 'run' && decision.isChanged));
  return { decision, outlook: begins ? begun(outlook, decision) : outlook };
}

function softwareInput({ installation, software, config, retries }: Observed, running: Running, now: number) {
  const { spec, status } = installation;
  const failures = [...(running.deployment?.failures ?? []), ...(status.failedVersions ?? [])];
  const avoided = avoidedSoftware(failures, { retries, now });
  return { spec, shelf: software, stable: running.stableSoftware, avoided, config, now };
}

/** What never began failed all the same, as long as the tier means what was refused. */
function refusedTier({ refusedTier: refused }: Observed, { deployment }: Running, wishes: Wishes): readonly Failure[] {
  const isStill = deployment?.version === refused?.version && deployment?.attempt?.wish !== refused?.wish;
  return refused && isStill && isOneOf(wishes, refused.wish) ? [refused] : [];
}

/** A rollout that failed and does not go back counts from its beginning: it has no moment of its own in the cluster. */
function withStuck(
  failures: readonly Failure[],
  { deployment }: Running,
  failure: ReturnType<typeof failureOf>,
): readonly Failure[] {
  const startedAt = deployment?.attempt?.startedAt;
  return failure && startedAt !== undefined ? addFailure(failures, failure, epoch(startedAt)) : failures;
}

/** What may come next once this rollout is under way: what is told of it does not change with the next look. */
function begun({ wishes, input, choice }: Outlook, { version }: Run | Rollback): Outlook {
  const next: VersionInput = { ...input, installed: version, isBusy: true };
  return { wishes, input: next, assessments: assess(next), choice };
}

function outlookOf(
  observed: Observed,
  running: Running,
  more: {
    readonly failures: readonly Failure[];
    readonly rollback: Rollback | undefined;
    readonly held: Held | undefined;
    readonly wishes: Wishes;
    readonly finder: SoftwareFinder;
    readonly now: number;
  },
): Outlook {
  const { installation, catalogue, config, firstSeen, kubernetesVersion, slot, retries } = observed;
  const { spec, status, uid } = installation;
  const { rollback, held, failures, wishes, finder, now } = more;
  const input: VersionInput = {
    spec,
    catalogue,
    config,
    stable: running.stable,
    // What is on its way back is what will be installed.
    installed: rollback ? running.stable : running.installed,
    isBusy: spec.suspend === true || running.rollout?.phase === 'progressing' || rollback !== undefined,
    usedConsent: status.usedConsent,
    failures,
    retries,
    wish: wishes.spec,
    isHealthy: (running.isAvailable || isStuck(running)) && !held && !isStranded(running),
    firstSeen,
    kubernetesVersion,
    software: finder,
    slot,
    turn: hash(uid),
    now,
  };
  const assessments = assess(input);
  return { wishes, input, assessments, choice: decideVersion(input, assessments) };
}

function decideWith(
  observed: Observed,
  running: Running,
  wanted: Omit<Wanted, 'target' | 'movement'>,
  choice: VersionDecision,
): Decision {
  const same = running.installed !== undefined && ({ kind: 'target', version: running.installed } as const);
  const restore = same && runOf(observed, running, { ...wanted, target: same, movement: 'stay' });
  if (choice.kind === 'target') {
    const mayCancel = choice.reason === 'Cancelled' && observed.installation.spec.suspend !== true;
    const cancel = mayCancel ? cancelOf(observed, running, wanted) : undefined;
    const isHealedFirst =
      restore && restore.kind === 'run' && !restore.isChanged && mustHeal(observed, running, wanted.now);
    return (
      cancel ?? (isHealedFirst ? restore : runOf(observed, running, { ...wanted, target: choice, movement: 'update' }))
    );
  }
  // Without a Deployment there is nothing to compare with, and anything is better than no pods at all.
  return restore && restore.kind === 'run' && (!running.deployment || !restore.isChanged)
    ? { ...choice, restore }
    : choice;
}

/** What is saved before it is replaced is to be what was committed, and not what somebody made of it; unless that never lasts. */
function mustHeal({ heals }: Observed, { deployment, isSpecIntact }: Running, now: number): boolean {
  const isTampered = deployment?.changed !== undefined && !isSpecIntact;
  return isTampered && healNotBefore(heals.Deployment, culpritOf(deployment)) <= now;
}

/** What the spec asks for was tried, and what ran before is back. What is committed for this very wish is being tried, or runs. */
function heldBy(
  { retries }: Observed,
  { deployment, stable, installed }: Running,
  { failures, wishes, now }: { failures: readonly Failure[]; wishes: Wishes; now: number },
): Held | undefined {
  const failure = heldFailure(failures, { wishes, retries, now });
  const isCommitted = deployment?.attempt?.wish === failure?.wish && deployment?.attempt?.trigger !== 'Rollback';
  // Where no pods are any more, or nothing ever ran well, there is nothing to keep instead.
  return failure && deployment && stable !== undefined && !isCommitted && installed !== undefined
    ? { kind: 'held', version: installed, failure, isOfPlatform: failure.wish === wishes.tier }
    : undefined;
}
