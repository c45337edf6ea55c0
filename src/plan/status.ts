import semver from 'semver';
import { findCondition, stampConditions, type Verdict } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { timestamp } from '../api/time.ts';
import type { Actions } from './actions.ts';
import { findRelease, isImageAllowed, latestRelease } from './catalogue.ts';
import type { Decision } from './decision.ts';
import { graceOf } from './grace.ts';
import type { Observed } from './observed.ts';
import type { Problem } from './problem.ts';
import type { Running } from './running.ts';

/** All that one reconcile found and decided. */
export interface Findings {
  readonly observed: Observed;
  readonly running: Running;
  readonly decision: Decision;
  readonly actions: Actions;
  readonly now: number;
}

/** The status that the findings justify. The same findings give the same bytes. */
export function statusOf(findings: Findings): InstallationStatus {
  const { observed, running, decision, actions, now } = findings;
  const { installation, catalogue } = observed;
  const before = installation.status;
  const isRun = decision.kind === 'run' && installation.spec.suspend !== true;
  const isSettled = running.isDone && !(decision.kind === 'run' && decision.isChanged);
  const current = isSettled ? running.deployment?.version : (before.currentVersion ?? running.stable);
  const isNewCurrent = current !== before.currentVersion;
  const stableBefore = running.deployment?.stableVersion;
  const previous = isNewCurrent
    ? (before.currentVersion ?? (stableBefore === current ? undefined : stableBefore))
    : before.previousVersion;
  const isJustDone = isSettled && (isNewCurrent || findCondition(before.conditions, 'Ready')?.reason === 'RollingOut');
  const hasService = isRun
    ? (decision.inputs.release.runtime?.ports?.length ?? 0) > 0
    : before.serviceName !== undefined;
  const status: { [K in keyof InstallationStatus]: InstallationStatus[K] | undefined } = {
    observedGeneration: installation.generation,
    targetVersion: decision.kind === 'problem' ? running.installed : decision.version,
    installedVersion: isRun ? decision.version : running.installed,
    currentVersion: current,
    previousVersion: previous,
    latestVersion: catalogue ? latestRelease(catalogue.releases)?.version : before.latestVersion,
    currentImage: isSettled ? running.deployment?.image : before.currentImage,
    deploymentName: isRun || running.deployment ? installation.name : undefined,
    serviceName: hasService ? installation.name : undefined,
    installedAt: before.installedAt ?? (isSettled ? timestamp(now) : undefined),
    updatedAt: isJustDone ? timestamp(now) : before.updatedAt,
    effective: isRun
      ? {
          tier: {
            ...(decision.inputs.shape.replicas !== undefined && { replicas: decision.inputs.shape.replicas }),
            resources: { requests: decision.inputs.shape.requests, limits: decision.inputs.shape.limits },
          },
          configHash: decision.inputs.configuration.hash,
        }
      : before.effective,
    conditions: stampConditions(
      before.conditions ?? [],
      [...readiness(findings), ...availability(findings), updateAvailable(findings), ...drift(actions)],
      { generation: installation.generation, now },
    ),
  };
  return withoutUndefined(status);
}

/** `Ready` with its companions: `Reconciling` while it works, `Stalled` when a person must act. */
function readiness(findings: Findings): Verdict[] {
  const { observed, running, decision, actions, now } = findings;
  const { installation } = observed;
  const { spec } = installation;
  if (decision.kind === 'problem') {
    const grace = graceOf(decision, installation.status.conditions, installation.generation, now);
    return grace.isOver ? stalled(decision) : waiting('False', decision.reason, decision.message);
  }
  const isAsWished = running.isPristine && !(decision.kind === 'run' && decision.isChanged);
  if (!isAsWished && spec.suspend === true) {
    const message = `Set suspend to false to roll out ${decision.version}: nothing is changed while it is true`;
    return [{ type: 'Ready', status: 'False', reason: 'Suspended', message }];
  }
  const [held] = actions.held;
  if (held) {
    return waiting(
      'False',
      'Drifted',
      `${held.culprit}, and undoing it did not last: stop that, it is undone again later`,
    );
  }
  if (decision.kind === 'keep' && !running.isPristine) {
    return stalled({
      reason: 'ReleaseMissing',
      message: `Publish release ${decision.version} of "${spec.provider}" again: what was changed in the Deployment cannot be undone without it`,
    });
  }
  const rollout = isAsWished ? running.rollout : undefined;
  switch (rollout?.phase) {
    case 'done':
      return [ready(findings, decision.version)];
    case 'degraded':
      return waiting(
        'False',
        'Unavailable',
        `Kubernetes is bringing back pods of ${decision.version} that became unavailable`,
      );
    case 'failed':
      return stalled(rolloutFailed(findings, decision.version, rollout.message));
    case 'progressing':
    case undefined:
      return waiting('Unknown', 'RollingOut', rollingOut(findings, decision.version));
  }
}

function ready({ observed }: Findings, version: string): Verdict {
  const { catalogue, installation } = observed;
  const release = findRelease(catalogue, version);
  const { spec } = installation;
  if (release?.lifecycle?.stage === 'yanked') {
    const why = release.lifecycle.message ? ` (${release.lifecycle.message})` : '';
    return {
      type: 'Ready',
      status: 'True',
      reason: 'UpToDate',
      message: `Runs ${version}, which was yanked${why}: choose another version`,
    };
  }
  const newer = newerRelease(observed, version);
  return newer === undefined
    ? {
        type: 'Ready',
        status: 'True',
        reason: 'UpToDate',
        message: `Runs ${version}${spec.suspend ? ', suspended' : ''}`,
      }
    : { type: 'Ready', status: 'True', reason: 'UpgradeAvailable', message: `Runs ${version}; ${newer} is published` };
}

function rollingOut({ running }: Findings, version: string): string {
  const { stable } = running;
  if (stable === undefined) {
    return `Installing ${version}`;
  }
  return stable === version ? `Rolling out the settings of ${version}` : `Moving from ${stable} to ${version}`;
}

function rolloutFailed(
  { observed, running }: Findings,
  version: string,
  cause: string,
): Pick<Problem, 'reason' | 'message'> {
  const { namespace, name } = observed.installation;
  const look = `See why with: kubectl -n ${namespace} describe pods -l app.kubernetes.io/instance=${name}`;
  return running.stable === undefined
    ? { reason: 'InstallFailed', message: `Installing ${version} failed: ${cause}. ${look}` }
    : {
        reason: 'RolloutFailed',
        message: `Rolling out ${version} failed, the pods of ${running.stable} go on serving: ${cause}. ${look}`,
      };
}

function availability({ running }: Findings): Verdict[] {
  const { deployment } = running;
  return deployment && deployment.available >= deployment.replicas
    ? [
        {
          type: 'Available',
          status: 'True',
          reason: 'PodsAvailable',
          message: 'As many pods as asked for are available',
        },
      ]
    : [
        {
          type: 'Available',
          status: 'False',
          reason: 'PodsUnavailable',
          message: 'Fewer pods than asked for are available',
        },
      ];
}

function updateAvailable({ observed, running, decision }: Findings): Verdict {
  const { installation, catalogue } = observed;
  const { spec } = installation;
  const version = decision.kind === 'problem' ? running.installed : decision.version;
  if (!catalogue || (version !== undefined && !findRelease(catalogue, version))) {
    const what = version === undefined ? `Provider "${spec.provider}"` : `Release ${version} of "${spec.provider}"`;
    return update(
      'Unknown',
      'CatalogueUnavailable',
      `${what} is not published${version === undefined ? '' : ': what runs goes on'}`,
    );
  }
  if (decision.kind === 'run' && decision.isContentChanged) {
    return update(
      'Unknown',
      'ContentChanged',
      `Release ${decision.version} was published again with other content, which is not rolled out by itself: publish a new version`,
    );
  }
  const newer = newerRelease(observed, version);
  if (newer === undefined) {
    return update(
      'False',
      'UpToDate',
      version === undefined ? 'Nothing is installed yet' : `No newer release than ${version} is published`,
    );
  }
  const release = findRelease(catalogue, newer);
  if (release?.breaking) {
    const note = release.breaking.note ? `: ${release.breaking.note}` : '';
    return update('True', 'Breaking', `Set version ${newer} to take it, it is breaking${note}`);
  }
  return spec.upgradePolicy === 'manual'
    ? update('True', 'NewerRelease', `Set version ${newer} to take it`)
    : update('True', 'NewerRelease', `${newer} is taken automatically when it can be`);
}

function newerRelease({ catalogue, config }: Observed, version: string | undefined): string | undefined {
  const allowed = catalogue?.releases.filter((r) => isImageAllowed(r.image, config.allowedImagePrefixes)) ?? [];
  const latest = latestRelease(allowed)?.version;
  return latest !== undefined && version !== undefined && semver.gt(latest, version) ? latest : undefined;
}

function drift({ held }: Actions): Verdict[] {
  const [first] = held;
  return first ? [{ type: 'Drifted', status: 'True', reason: 'HealsDoNotHold', message: first.culprit }] : [];
}

/** A person must act: `Stalled` makes kstatus say Failed at once. */
export function stalled({ reason, message }: Pick<Problem, 'reason' | 'message'>): Verdict[] {
  return [
    { type: 'Ready', status: 'False', reason, message },
    { type: 'Stalled', status: 'True', reason, message },
  ];
}

/** Something is at work: kstatus says InProgress. */
export function waiting(status: 'False' | 'Unknown', reason: string, message: string): Verdict[] {
  return [
    { type: 'Ready', status, reason, message },
    { type: 'Reconciling', status: 'True', reason, message },
  ];
}

function update(status: Verdict['status'], reason: string, message: string): Verdict {
  return { type: 'UpdateAvailable', status, reason, message };
}

function withoutUndefined(status: object): InstallationStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
