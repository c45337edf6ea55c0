import { findCondition, stampConditions, verdict, type Verdict } from '../../api/conditions.ts';
import type { InstallationStatus } from '../../api/installation.ts';
import { timestamp } from '../../api/time.ts';
import { writesDeployment } from '../act/actions.ts';
import type { Assessment } from '../version/assessment.ts';
import { usedConsent } from '../decide/attempt.ts';
import { pendingUpgrade, updateCandidates } from './candidates.ts';
import { latestRelease } from '../catalogue/catalogue.ts';
import { isOfSoftware, isSameThing, recordedFailures } from '../failures/failures.ts';
import { drift } from './drift.ts';
import { appliedNow, type Findings } from './findings.ts';
import { historyOf } from './history.ts';
import { readiness } from './readiness.ts';
import { installedSoftware } from './installed-software.ts';
import { referencesMissing } from './references-missing.ts';
import { unusedInputs } from './unused-inputs.ts';
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

type Draft = { [K in keyof InstallationStatus]: InstallationStatus[K] | undefined };

/** The status that the findings justify. The same findings give the same bytes. */
export function statusOf(findings: Findings): InstallationStatus {
  const { observed, state, decision, now } = findings;
  const { installation, catalogue } = observed;
  const before = installation.status;
  const isRun = decision.kind === 'run' && installation.spec.suspend !== true;
  const { deployment, stable, base, isRolledOut } = state;
  const wasAtWork = AT_WORK.has(findCondition(before.conditions, 'Ready')?.reason ?? '');
  const isNewCurrent = stable?.version !== before.currentVersion;
  const consent = usedConsent(stable);
  const rollout = appliedNow(findings) ?? base;
  const status: Draft = {
    observedGeneration: installation.generation,
    targetVersion: decision.kind === 'problem' ? base?.version : decision.version,
    installedVersion: installedVersion(findings),
    currentVersion: stable?.version,
    previousVersion: stable?.previousVersion,
    latestVersion: catalogue && latestRelease(catalogue.releases)?.version,
    currentImage: stable?.image,
    usedConsent: consent === installation.spec.upgrade?.allowDowngradeTo ? consent : undefined,
    lastHandledRetry: handledRetry(findings),
    failedVersions: failedVersions(findings),
    history: emptyIsNone(historyOf(findings)),
    ...upgradesOf(findings),
    systemSoftware: emptyIsNone(installedSoftware(findings)),
    deploymentName: isRun || deployment ? installation.name : undefined,
    // A Service that somebody deleted is still the one that should be there.
    serviceName: rollout?.ports ? installation.name : undefined,
    installedAt: before.installedAt ?? (isRolledOut ? timestamp(now) : undefined),
    updatedAt:
      isRolledOut && (isNewCurrent || wasAtWork) ? timestamp(now) : (before.updatedAt ?? stable?.mark.provenAt),
    effective: rollout?.effective,
    conditions: stampConditions(
      before.conditions ?? [],
      [
        ...readiness(findings),
        availability(findings),
        updateAvailable(findings, assessmentsToTell(findings)),
        ...upgradeHealth(findings),
        ...drift(findings),
        ...unusedInputs(findings),
        ...referencesMissing(observed),
      ],
      { generation: installation.generation, now },
    ),
  };
  return withoutUndefined(status);
}

/** The version committed to the Deployment. What failed to be installed is not installed. */
function installedVersion(findings: Findings): string | undefined {
  const { observed, state, decision } = findings;
  const { deployment, stable, base, rollout } = state;
  if (!stable && rollout?.phase === 'failed' && !appliedNow(findings)) {
    return undefined;
  }
  const isRun = decision.kind === 'run' && observed.installation.spec.suspend !== true;
  return isRun || decision.kind === 'return' || decision.kind === 'takeOver'
    ? decision.version
    : deployment && (state.name === 'Unrecorded' ? deployment.version : base?.version);
}

/** The value of `…/retry` that is obeyed. What failed and is left as it is goes on by itself, if at all: a retry begins nothing. */
function handledRetry({ observed, state, actions }: Findings): string | undefined {
  const { retry } = observed.installation;
  const isAtAnEnd = state.rollout?.phase === 'failed' && !writesDeployment(actions);
  return isAtAnEnd && retry !== undefined && !state.head?.retries.includes(retry) ? undefined : retry;
}

/** The upgrades that may come next, and why each of them waits. */
function upgradesOf(findings: Findings): Partial<Draft> {
  const { outlook, decision } = findings;
  if (!outlook) {
    return {};
  }
  const assessments = assessmentsToTell(findings);
  const target = decision.kind === 'problem' ? undefined : decision.version;
  const candidates = updateCandidates(outlook.input, assessments, target);
  return {
    ...(candidates.length > 0 && { updateCandidates: candidates, candidatesTotal: assessments.length }),
    pendingUpgrade: pendingUpgrade(outlook.choice, assessments),
  };
}

/** While the first install is under way nothing is there that could be upgraded, and there is nothing to tell. */
function assessmentsToTell({ outlook, state }: Findings): readonly Assessment[] {
  const isInstalling = state.stable === undefined && state.rollout?.phase !== 'failed';
  return isInstalling ? [] : (outlook?.assessments ?? []);
}

function availability(findings: Findings): Verdict {
  const { state } = findings;
  if (!state.deployment && !appliedNow(findings)) {
    return verdict('Available', 'False', 'NothingInstalled', 'Nothing is installed');
  }
  return state.isAvailable
    ? verdict('Available', 'True', 'PodsAvailable', 'As many pods as asked for are available')
    : verdict('Available', 'False', 'PodsUnavailable', 'Fewer pods than asked for are available');
}

/** The remembered failures, newest first, each version once. A spec that cannot be read lets go of none. */
function failedVersions({ state, decision, failure, outlook }: Findings): InstallationStatus['failedVersions'] {
  const failures = outlook?.input.failures ?? [...(failure ? [failure] : []), ...recordedFailures(state)];
  const ofReturn = decision.kind === 'return' ? decision.failure : undefined;
  // A failure with the version that runs well was no fault of the version.
  const told = [...(ofReturn ? [ofReturn] : []), ...failures].filter(
    (f) => f.version !== state.stable?.version || isOfSoftware(f),
  );
  return emptyIsNone(told.filter((f) => told.find((o) => isSameThing(o, f)) === f));
}

function emptyIsNone<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}

function withoutUndefined(status: object): InstallationStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
