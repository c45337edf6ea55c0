import semver from 'semver';
import { findCondition, stampConditions, type Verdict } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { timestamp } from '../api/time.ts';
import { writesDeployment, type Actions } from './actions.ts';
import type { Assessment } from './assessment.ts';
import { pendingUpgrade, updateCandidates } from './candidates.ts';
import { latestRelease } from './catalogue.ts';
import { isOfSoftware, isSameThing } from './failure-memory.ts';
import type { Findings } from './findings.ts';
import { historyOf } from './history.ts';
import { ownershipOf } from './ownership.ts';
import { readiness } from './readiness.ts';
import { newest } from './revision.ts';
import { installedSoftware } from './installed-software.ts';
import { updateAvailable } from './update-available.ts';
import { upgradeHealth } from './upgrade-health.ts';

/** Reasons of a `Ready` that ends with a rollout being done. */
const AT_WORK: ReadonlySet<string> = new Set([
  'RollingOut',
  'RollingBack',
  'RollbackFailed',
  'RolloutFailed',
  'InstallFailed',
]);

/** The status that the findings justify. The same findings give the same bytes. */
export function statusOf(findings: Findings): InstallationStatus {
  const { observed, running, decision, actions, now } = findings;
  const { installation, catalogue } = observed;
  const before = installation.status;
  const isRun = decision.kind === 'run' && installation.spec.suspend !== true;
  const { deployment, isDone } = running;
  const current = isDone ? deployment?.version : (before.currentVersion ?? running.stable);
  const isNewCurrent = current !== before.currentVersion;
  const wasAtWork = AT_WORK.has(findCondition(before.conditions, 'Ready')?.reason ?? '');
  // What failed and is left as it is goes on by itself, if at all: a retry begins nothing.
  const isAtAnEnd = running.rollout?.phase === 'failed' && !writesDeployment(actions);
  // A Service that is not brought back is still the one that should be there: the loss of it must not be forgotten.
  const hasService =
    isRun && !decision.isContentChanged
      ? (decision.inputs.release.runtime?.ports?.length ?? 0) > 0
      : ownershipOf(observed.service, installation).kind === 'ours' || before.serviceName !== undefined;
  const status: { [K in keyof InstallationStatus]: InstallationStatus[K] | undefined } = {
    observedGeneration: installation.generation,
    targetVersion: decision.kind === 'problem' ? running.installed : decision.version,
    installedVersion: isRun || decision.kind === 'rollback' ? decision.version : running.installed,
    currentVersion: current,
    previousVersion: isNewCurrent
      ? (before.currentVersion ?? versionBefore(findings, current))
      : before.previousVersion,
    latestVersion: catalogue ? latestRelease(catalogue.releases)?.version : before.latestVersion,
    currentImage: isDone ? deployment?.image : before.currentImage,
    usedConsent: usedConsent(findings),
    lastHandledRetry: (isAtAnEnd ? undefined : installation.retry) ?? before.lastHandledRetry,
    lastHandledProviderRetry: observed.providerRetry,
    failedVersions: failedVersions(findings),
    history: emptyIsNone(historyOf(findings)),
    ...upgradesOf(findings),
    systemSoftware: emptyIsNone(installedSoftware(findings)),
    deploymentName: isRun || deployment ? installation.name : undefined,
    serviceName: hasService ? installation.name : undefined,
    installedAt: before.installedAt ?? (isDone ? timestamp(now) : undefined),
    updatedAt: isDone && (isNewCurrent || wasAtWork) ? timestamp(now) : before.updatedAt,
    effective: effectiveOf(findings),
    conditions: stampConditions(
      before.conditions ?? [],
      [
        ...readiness(findings),
        ...availability(findings),
        updateAvailable(findings, assessmentsToTell(findings)),
        ...upgradeHealth(findings),
        ...drift(actions),
      ],
      { generation: installation.generation, now },
    ),
  };
  return withoutUndefined(status);
}

/** What was stable before the present version, where the status is lost: by the Deployment, or by what was saved last. */
function versionBefore({ observed, running }: Findings, current: string | undefined): string | undefined {
  const { stableVersion } = running.deployment ?? {};
  return stableVersion === current
    ? newest(observed.revisions.filter(({ version }) => version !== current))?.version
    : stableVersion;
}

/** What may come next, and why it is not there yet. */
function upgradesOf(findings: Findings): Partial<InstallationStatus> {
  const { observed, outlook, decision } = findings;
  if (!outlook) {
    // A spec that cannot be read says nothing against what was found before.
    const { updateCandidates: candidates, candidatesTotal } = observed.installation.status;
    return {
      ...(candidates && { updateCandidates: candidates }),
      ...(candidatesTotal !== undefined && { candidatesTotal }),
    };
  }
  const assessments = assessmentsToTell(findings);
  const target = decision.kind === 'problem' ? undefined : decision.version;
  const candidates = updateCandidates(outlook.input, assessments, target);
  const pending = pendingUpgrade(outlook.choice, assessments);
  return {
    ...(candidates.length > 0 && { updateCandidates: candidates, candidatesTotal: assessments.length }),
    ...(pending && { pendingUpgrade: pending }),
  };
}

/** While the first install is under way nothing is there that could be upgraded, and there is nothing to tell. */
function assessmentsToTell({ outlook, running }: Findings): readonly Assessment[] {
  const isInstalling = running.stable === undefined && running.rollout?.phase !== 'failed';
  return isInstalling ? [] : (outlook?.assessments ?? []);
}

/** A consent is for one downgrade: once that is done it is spent, until the field is taken away or names another version. */
function usedConsent({ observed, running }: Findings): string | undefined {
  const { spec, status } = observed.installation;
  const consent = spec.upgrade?.allowDowngradeTo;
  const before = status.currentVersion;
  const isUsed =
    running.isDone &&
    running.deployment?.version === consent &&
    before !== undefined &&
    semver.lt(consent ?? '', before);
  return consent !== undefined && (isUsed || status.usedConsent === consent) ? consent : undefined;
}

function availability({ running }: Findings): Verdict[] {
  return running.isAvailable
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

/** What is being written, or what the Deployment has: what this build would make of a tier may be something else. */
function effectiveOf({ observed, running, decision }: Findings): InstallationStatus['effective'] {
  const { installation, revisions } = observed;
  const { deployment, isPristine } = running;
  if (decision.kind === 'run' && decision.isChanged && installation.spec.suspend !== true) {
    const { shape, configuration } = decision.inputs;
    const { replicas, requests, limits } = shape;
    const tier = { ...(replicas !== undefined && { replicas }), resources: { requests, limits } };
    return { tier, configHash: configuration.hash };
  }
  const before = installation.status.effective;
  if (decision.kind === 'rollback') {
    return revisions.find((r) => r.name === decision.revision)?.effective ?? before;
  }
  if (!deployment?.resources || !isPristine) {
    return before;
  }
  const { replicas, ownsReplicas, resources, configHash } = deployment;
  return { tier: { ...(ownsReplicas && { replicas }), resources }, ...(configHash !== undefined && { configHash }) };
}

/** What is remembered, newest first, each version once. A spec that cannot be read says nothing against what failed before. */
function failedVersions({ observed, running, decision, outlook }: Findings): InstallationStatus['failedVersions'] {
  const failures = decision.kind === 'rollback' ? decision.failures : outlook?.input.failures;
  if (!failures) {
    return observed.installation.status.failedVersions;
  }
  // What failed with the version that runs well was no fault of the version.
  const told = failures.filter((f) => f.version !== running.stable || isOfSoftware(f));
  return emptyIsNone(told.filter((f) => told.find((o) => isSameThing(o, f)) === f));
}

function emptyIsNone<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function drift({ postponed }: Actions): Verdict[] {
  const [first] = postponed;
  return first ? [{ type: 'Drifted', status: 'True', reason: 'HealsDoNotHold', message: first.culprit }] : [];
}

function withoutUndefined(status: object): InstallationStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
