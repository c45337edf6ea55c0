import type { InstallationStatus } from '../api/installation.ts';
import { epoch, timestamp } from '../api/time.ts';
import { writesDeployment } from './actions.ts';
import type { Attempt } from './attempt.ts';
import type { Findings } from './findings.ts';
import { isCancel } from './rollback.ts';
import { inWords, movedSince } from './software-set.ts';
import { undoneRollout } from './undone.ts';

type Entry = NonNullable<InstallationStatus['history']>[number];

/** As many as tell a story; the Deployment's own memory decides, not this. */
const MOST_ENTRIES = 10;

/** Nothing failed that went back for this. */
const DELETED = 'The Deployment was deleted';

/**
 * What was rolled out, newest first. An entry begins with the write that commits its template, so that it costs no write of
 * its own, and is completed when that rollout ends: well, by going back, or because another took its place.
 */
export function historyOf(findings: Findings): readonly Entry[] {
  const { running, now } = findings;
  const told = toldOf(findings);
  const next = beginningOf(findings);
  return (next ? begun(told, next, running.stable, now) : told).slice(0, MOST_ENTRIES);
}

/** What was told before, and what became of the rollout that the Deployment tells of. */
function toldOf(findings: Findings): readonly Entry[] {
  const { observed, running, now } = findings;
  const { deployment, stable } = running;
  const { history = [] } = observed.installation.status;
  if (!deployment?.attempt || deployment.version === undefined) {
    return history;
  }
  if (undoneRollout(observed.installation.status, deployment.attempt)) {
    // What came before it was told long ago. Where nobody asks for the later one any more, that was undone for good.
    return running.isPristine ? withFirst(history, (entry) => superseded(entry, undefined, now)) : history;
  }
  const [latest] = history;
  const failure = deployment.failures.find(({ at }) => latest !== undefined && at >= latest.startedAt);
  const seen = {
    attempt: deployment.attempt,
    version: deployment.version,
    // Who went back may not have come to tell why.
    ...(deployment.attempt.trigger === 'Rollback' && { whyBack: failure?.message ?? DELETED }),
    moved: inWords(movedSince(running.stableSoftware, running.software)),
  };
  return completed(begun(history, seen, stable, now), findings);
}

interface Beginning {
  readonly attempt: Attempt;
  readonly version: string;
  /** Why the one before it went back; absent where that did not. */
  readonly whyBack?: string;
  /** What moves by its own policy, in words. */
  readonly moved?: string | undefined;
}

/** The rollout that begins with what is written now. */
function beginningOf({ running, decision, actions }: Findings): Beginning | undefined {
  const isWritten = writesDeployment(actions);
  if (isWritten && decision.kind === 'rollback') {
    const { version, attempt, failed } = decision;
    return { version, attempt, ...(!isCancel(decision) && { whyBack: failed?.message ?? DELETED }) };
  }
  if (isWritten && decision.kind === 'run' && decision.isChanged && decision.inputs.attempt) {
    const moved = inWords(movedSince(running.software, decision.inputs.software.set));
    return { version: decision.version, attempt: decision.inputs.attempt, moved };
  }
  return undefined;
}

function begun(
  before: readonly Entry[],
  { attempt, version, whyBack, moved }: Beginning,
  stable: string | undefined,
  now: number,
): readonly Entry[] {
  const [latest] = before;
  if (latest?.startedAt === attempt.startedAt && latest.version === version) {
    return before;
  }
  const from = attempt.trigger === 'Rollback' ? latest?.version : stable;
  const entry: Entry = {
    version,
    ...(from !== undefined && from !== version && { from }),
    trigger: attempt.trigger,
    startedAt: attempt.startedAt,
    ...(attempt.trigger === 'SystemSoftware' && moved && { message: moved }),
  };
  return [entry, ...withFirst(before, (e) => superseded(e, whyBack, now))];
}

function withFirst(entries: readonly Entry[], change: (entry: Entry) => Entry): readonly Entry[] {
  return entries.map((entry, index) => (index === 0 ? change(entry) : entry));
}

function completed(entries: readonly Entry[], findings: Findings): readonly Entry[] {
  const [current, ...others] = entries;
  const result = resultOf(findings);
  // What was called a failure may still turn out well, as long as nobody goes back.
  const isNews = result !== undefined && (current?.result === undefined || result.result === 'Succeeded');
  return current && isNews && current.result !== 'Succeeded'
    ? [{ ...current, ...result, completedAt: endOf(current, findings.now) }, ...others]
    : entries;
}

function superseded(entry: Entry, why: string | undefined, now: number): Entry {
  if (entry.result !== undefined) {
    return entry;
  }
  const completedAt = endOf(entry, now);
  return why === undefined
    ? { ...entry, result: 'Superseded', completedAt }
    : { ...entry, result: 'RolledBack', message: why, completedAt };
}

/** Two that begin within one second are a second apart in their times; none ends before it began. */
function endOf({ startedAt }: Entry, now: number): string {
  return timestamp(Math.max(now, epoch(startedAt)));
}

function resultOf({
  running,
  decision,
}: Pick<Findings, 'running' | 'decision'>): Pick<Entry, 'result' | 'message'> | undefined {
  const { rollout, isDone } = running;
  if (isDone) {
    return { result: 'Succeeded' };
  }
  if (decision.kind === 'rollback' && !isCancel(decision)) {
    return { result: 'RolledBack', ...(decision.failed && { message: decision.failed.message }) };
  }
  return rollout?.phase === 'failed' ? { result: 'Failed', message: rollout.message } : undefined;
}
