import semver from 'semver';
import { findCondition, stampConditions, type Verdict } from '../api/conditions.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { timestamp } from '../api/time.ts';
import type { Actions } from './actions.ts';
import type { Assessment } from './assessment.ts';
import { pendingUpgrade, updateCandidates } from './candidates.ts';
import { latestRelease } from './catalogue.ts';
import type { Findings } from './findings.ts';
import { ownershipOf } from './ownership.ts';
import { readiness } from './readiness.ts';
import { updateAvailable } from './update-available.ts';

/** Reasons of a `Ready` that ends with a rollout being done. */
const AT_WORK: ReadonlySet<string> = new Set(['RollingOut', 'RolloutFailed', 'InstallFailed']);

/** The status that the findings justify. The same findings give the same bytes. */
export function statusOf(findings: Findings): InstallationStatus {
  const { observed, running, decision, actions, now } = findings;
  const { installation, catalogue } = observed;
  const before = installation.status;
  const isRun = decision.kind === 'run' && installation.spec.suspend !== true;
  const { deployment, isDone } = running;
  const current = isDone ? deployment?.version : (before.currentVersion ?? running.stable);
  const isNewCurrent = current !== before.currentVersion;
  const stableBefore = deployment?.stableVersion === current ? undefined : deployment?.stableVersion;
  const previous = isNewCurrent ? (before.currentVersion ?? stableBefore) : before.previousVersion;
  const wasAtWork = AT_WORK.has(findCondition(before.conditions, 'Ready')?.reason ?? '');
  // A Service that is not brought back is still the one that should be there: the loss of it must not be forgotten.
  const hasService =
    isRun && !decision.isContentChanged
      ? (decision.inputs.release.runtime?.ports?.length ?? 0) > 0
      : ownershipOf(observed.service, installation).kind === 'ours' || before.serviceName !== undefined;
  const status: { [K in keyof InstallationStatus]: InstallationStatus[K] | undefined } = {
    observedGeneration: installation.generation,
    targetVersion: decision.kind === 'problem' ? running.installed : decision.version,
    installedVersion: isRun ? decision.version : running.installed,
    currentVersion: current,
    previousVersion: previous,
    latestVersion: catalogue ? latestRelease(catalogue.releases)?.version : before.latestVersion,
    currentImage: isDone ? deployment?.image : before.currentImage,
    usedConsent: usedConsent(findings),
    ...upgradesOf(findings),
    deploymentName: isRun || deployment ? installation.name : undefined,
    serviceName: hasService ? installation.name : undefined,
    installedAt: before.installedAt ?? (isDone ? timestamp(now) : undefined),
    updatedAt: isDone && (isNewCurrent || wasAtWork) ? timestamp(now) : before.updatedAt,
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
      [
        ...readiness(findings),
        ...availability(findings),
        updateAvailable(findings, assessmentsToTell(findings)),
        ...drift(actions),
      ],
      { generation: installation.generation, now },
    ),
  };
  return withoutUndefined(status);
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

/** A consent is for one downgrade: once it was used it is spent, until the field is taken away or names another version. */
function usedConsent({ observed, running, decision }: Findings): string | undefined {
  const { spec, status } = observed.installation;
  const isAtWork = decision.kind === 'run' && spec.suspend !== true;
  const consent = spec.upgrade?.allowDowngradeTo;
  const { stable } = running;
  const isUsed = isAtWork && decision.version === consent && stable !== undefined && semver.lt(consent, stable);
  return isUsed || status.usedConsent === consent ? consent : undefined;
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

function drift({ held }: Actions): Verdict[] {
  const [first] = held;
  return first ? [{ type: 'Drifted', status: 'True', reason: 'HealsDoNotHold', message: first.culprit }] : [];
}

function withoutUndefined(status: object): InstallationStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}
