import { verdict, type Verdict } from '../../api/conditions.ts';
import { ANNOTATION, LABEL } from '../../api/names.ts';
import { findRelease, isExpired } from '../catalogue/catalogue.ts';
import type { Held } from '../decide/decision.ts';
import { isOfSoftware } from '../failures/failures.ts';
import type { Findings } from './findings.ts';
import { graceOf } from './grace.ts';
import type { Problem } from '../../api/problem.ts';
import { secretLost } from '../pods/generated.ts';
import type { Observed } from '../state/observed.ts';
import { REFUSED } from '../state/record.ts';
import type { Return } from '../decide/return.ts';
import { formatSoftware, inWords, movedSince } from '../software/set.ts';
import type { State } from '../state/state.ts';
import { newerRelease } from './update-available.ts';
import { failureBehind, whatFailed } from './upgrade-health.ts';
import { yankedSoftware } from '../software/yanked.ts';

/** `Ready` with its companions: `Reconciling` while it works, `Stalled` when a person must act. */
export function readiness(findings: Findings): Verdict[] {
  const { observed, state, decision, actions, now } = findings;
  const { installation } = observed;
  const { spec } = installation;
  if (decision.kind === 'return') {
    return onTheWay(findings, decision.version, isWayBack(decision));
  }
  if (decision.kind === 'problem' && spec.suspend === true) {
    return suspended(decision.message);
  }
  if (decision.kind === 'problem') {
    const grace = graceOf(decision, installation.status.conditions, installation.generation, now);
    return grace.isOver
      ? stalled(decision.reason, decision.message)
      : waiting('False', decision.reason, decision.message);
  }
  const isStarting = decision.kind === 'run' && decision.isChanged;
  const isAsWished = state.stands && state.isIntact && !isStarting;
  const isGoingBack = state.isReturning && !isCancelled(state);
  if (!isAsWished && spec.suspend === true) {
    const isDamaged = state.base?.version === decision.version && !isStarting;
    return suspended(
      isDamaged
        ? `Set suspend to false to restore ${decision.version}: somebody changed its Deployment`
        : `Set suspend to false to roll out ${decision.version}: nothing is changed while it is true`,
    );
  }
  const [postponed] = actions.postponed;
  if (postponed) {
    return waiting(
      'False',
      'Drifted',
      `${postponed.culprit}, and undoing it did not last: stop that, it is undone again later`,
    );
  }
  const rollout = isAsWished ? state.rollout : undefined;
  switch (rollout?.phase) {
    case 'done':
      return decision.kind === 'held' && !decision.isOfPlatform
        ? rolledBack(findings, decision)
        : [ready(findings, decision.version)];
    case 'degraded': {
      const lost = secretLostBy(observed, state);
      if (lost) {
        return stalled(lost.reason, lost.message);
      }
      return unavailable(findings, decision.version, rollout);
    }
    case 'paused':
      return stalled(
        'Paused',
        `Resume the Deployment, somebody paused it: kubectl -n ${installation.namespace} rollout resume deployment/${installation.name}`,
      );
    case 'failed': {
      const failed = isGoingBack ? rollbackFailed : rolloutFailed;
      const { reason, message } = failed(findings, decision.version, rollout.message);
      return spec.suspend === true ? suspended(message) : stalled(reason, message);
    }
    case 'progressing':
    case undefined:
      return onTheWay(findings, decision.version, isGoingBack && isAsWished);
  }
}

/** Kubernetes brings pods back by itself, and mostly does; whoever waits for it is told when that takes too long. */
function unavailable(
  { observed }: Findings,
  version: string,
  { cause, isLong }: Extract<NonNullable<State['rollout']>, { phase: 'degraded' }>,
): Verdict[] {
  const { namespace, name } = observed.installation;
  return isLong
    ? stalled(
        'Unavailable',
        `Look at the pods of ${version}, they became unavailable and did not come back${cause}: kubectl -n ${namespace} describe pods -l ${LABEL.installation}=${name}`,
      )
    : waiting('False', 'Unavailable', `Kubernetes is bringing back pods of ${version} that became unavailable${cause}`);
}

/** A node says that a pod waits for a generated Secret that is gone. */
function secretLostBy({ pods }: Observed, { base }: State): Problem | undefined {
  for (const { name: input, generated } of base?.inputs ?? []) {
    if (generated && pods.some((pod) => pod.waiting?.message.includes(`secret "${generated.name}" not found`))) {
      return secretLost({ ...generated, input });
    }
  }
  return undefined;
}

/** Something failed, or was lost in the midst of something else. */
function isWayBack({ cause, ends }: Return): boolean {
  return cause === 'Failed' || (cause === 'Lost' && ends !== undefined);
}

/** The spec asked for the former version again, and nothing failed. */
function isCancelled({ abandoned }: State): boolean {
  return abandoned?.mark.failure === undefined && abandoned?.mark.why === undefined;
}

function ready({ observed, state, outlook, now }: Findings, version: string): Verdict {
  const yanked = yankedSoftware(state.software, observed.software);
  const software = yanked === undefined ? '' : `; ${yanked}`;
  const unproven = state.done === 'never' ? ' without a pod, so that nothing has shown yet whether it works' : '';
  const runs = (reason: string, what: string) =>
    verdict('Ready', 'True', reason, `Runs ${version}${unproven}${what}${software}`);
  const release = findRelease(observed.catalogue, version);
  const { stage, message } = release?.lifecycle ?? {};
  if (stage === 'yanked') {
    return runs('UpToDate', `, which was yanked${message ? ` (${message})` : ''}: choose another version`);
  }
  const newer = newerRelease(observed, version);
  const failure = outlook?.input.failures?.find((f) => f.version === newer && !isOfSoftware(f));
  // What the API server refused never began.
  const fate = failure?.reason === REFUSED ? 'was refused here' : 'failed here and was taken back';
  const what = failure ? fate : 'is published';
  const expired = release && isExpired(release, now) ? ', whose support has ended' : '';
  const besides = `${expired}${observed.installation.spec.suspend ? ', suspended' : ''}`;
  return newer === undefined ? runs('UpToDate', besides) : runs('UpgradeAvailable', `${besides}; ${newer} ${what}`);
}

function onTheWay(findings: Findings, version: string, isBack: boolean): Verdict[] {
  const isSuspended = findings.observed.installation.spec.suspend === true;
  const end = isSuspended ? '; suspended: what is under way ends first, and nothing begins after it' : '';
  return isBack
    ? waiting('Unknown', 'RollingBack', `${rollingBack(findings, version)}${end}`)
    : waiting('Unknown', 'RollingOut', `${rollingOut(findings, version)}${end}`);
}

function rollingBack(findings: Findings, version: string): string {
  const failure = failureBehind(findings);
  const why = failure ? `: rolling out ${whatFailed(failure, version)} failed, ${failure.message}` : '';
  return `Going back to ${version}${why}`;
}

/** The wish of the spec failed, and the former pods run again: only a person can change the spec. */
function rolledBack({ observed }: Findings, { version, failure }: Held): Verdict[] {
  const what = whatFailed(failure, version);
  const { namespace, name, spec } = observed.installation;
  if (spec.suspend === true) {
    return suspended(`Set suspend to false to go on, ${version} runs: rolling out ${what} failed, ${failure.message}`);
  }
  const stay =
    failure.version === version
      ? `Undo what you changed of ${version}`
      : `Set version ${version} to stay, or another one`;
  const again = failure.retryAfter === undefined ? 'To try the same again' : 'It is tried again later, or at once with';
  const how = `kubectl -n ${namespace} annotate pi ${name} ${ANNOTATION.retry}=$(date +%s) --overwrite`;
  return stalled(
    'RolledBack',
    `${stay}: rolling out ${what} failed, ${failure.message}, and ${version} runs as before` +
      (failure.reason === 'Yanked' ? '' : `. ${again}: ${how}`),
  );
}

type Explained = Pick<Problem, 'reason' | 'message'>;

function rollbackFailed({ observed }: Findings, version: string, cause: string): Explained {
  const { namespace, name } = observed.installation;
  return {
    reason: 'RollbackFailed',
    message: `Look at the pods, going back to ${version} failed, ${cause}, and nothing more is tried: kubectl -n ${namespace} describe pods -l ${LABEL.installation}=${name}`,
  };
}

function rollingOut({ state, decision }: Findings, version: string): string {
  const { stable, base, software, stableSoftware } = state;
  const start = decision.kind === 'run' && decision.isChanged ? decision : undefined;
  const underWay = base === stable ? undefined : base;
  if ((start?.attempt ?? underWay)?.trigger === 'SystemSoftware') {
    return `Moving ${version} to ${inWords(movedSince(stableSoftware, start?.inputs.software.set ?? software))}`;
  }
  if (stable === undefined) {
    return `Installing ${version}`;
  }
  return stable.version === version
    ? `Bringing ${version} to what the spec asks for`
    : `Moving from ${stable.version} to ${version}`;
}

function rolloutFailed({ observed, state }: Findings, version: string, cause: string): Explained {
  const { namespace, name } = observed.installation;
  const look = `see why with kubectl -n ${namespace} describe pods -l ${LABEL.installation}=${name}`;
  const { software: set, stableSoftware } = state;
  const stable = state.stable?.version;
  if (stable === undefined) {
    const message = `Set another version or correct the spec, installing ${version} failed, ${cause}: ${look}`;
    return { reason: 'InstallFailed', message };
  }
  const software = formatSoftware(movedSince(stableSoftware, set));
  const what = whatFailed({ version, ...(software !== undefined && stable === version && { software }) }, stable);
  const who = stable === version ? 'the pods with the former ones' : `the pods of ${stable}`;
  return { reason: 'RolloutFailed', message: `Rolling out ${what} failed, ${who} go on serving, ${cause}: ${look}` };
}

/** A person must act: `Stalled` makes kstatus say Failed at once. */
export function stalled(reason: string, message: string): Verdict[] {
  return [verdict('Ready', 'False', reason, message), verdict('Stalled', 'True', reason, message)];
}

/** Something is at work: kstatus says InProgress. */
export function waiting(status: 'False' | 'Unknown', reason: string, message: string): Verdict[] {
  return [verdict('Ready', status, reason, message), verdict('Reconciling', 'True', reason, message)];
}

/** Whoever suspended it knows: that is no failure. */
function suspended(message: string): Verdict[] {
  return [verdict('Ready', 'False', 'Suspended', message)];
}
