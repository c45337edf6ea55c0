import { findCondition } from '../../api/conditions.ts';
import type { Release } from '../../api/provider.ts';
import type { InstalledSoftware } from '../../api/software.ts';
import { isSecret } from '../../api/user-input.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import { askedBy } from '../../plan/pods/asked.ts';
import { readState } from '../../plan/state/state.ts';
import type { Installation, Observed } from '../../plan/state/observed.ts';
import type { Outcome } from '../../plan/ask/outcome.ts';
import type { SoftwareUse } from '../../plan/software/resolution.ts';
import { providerKey, type Caches } from '../../reconcile/caches.ts';
import type { InstallationView } from '../../reconcile/project.ts';
import { acceptedVersion, hasNewer } from '../v1/installation.ts';
import { appId, appVersionId, softwareId, softwareVersionId } from './ids.ts';
import type { AppInstallation, DryRun, InstalledSystemSoftware, Policy, RunState, SoftwarePolicy } from './shapes.ts';

/** An installation as the second seed shows it. */
export function appInstallationOf(view: InstallationView, caches: Caches): AppInstallation {
  const { spec, status, createdAt } = view;
  const { provider } = spec;
  const accepted = acceptedVersion(view);
  const release = findRelease(caches.providers.get(providerKey(provider))?.catalogue, accepted);
  const ports = release?.runtime?.ports?.map(({ servicePort, containerPort }) => servicePort ?? containerPort);
  const lastError = lastErrorOf(view);
  return {
    id: view.uid,
    shortId: view.name,
    appId: appId(provider),
    appName: provider,
    appExternalVersion: release?.displayVersion ?? accepted,
    appVersion: {
      desired: appVersionId(provider, accepted),
      ...(status.currentVersion !== undefined && { current: appVersionId(provider, status.currentVersion) }),
      ...(status.previousVersion !== undefined && { previous: appVersionId(provider, status.previousVersion) }),
      ...(status.updatedAt !== undefined && { lastChangedAt: status.updatedAt }),
    },
    projectId: view.namespace,
    projectDescription: '',
    description: spec.description ?? '',
    createdAt,
    ...(spec.documentRoot !== undefined && { customDocumentRoot: spec.documentRoot }),
    installationPath: '/',
    disabled: false,
    ...(view.deleting && { deletionRequested: true }),
    phase: phaseOf(view, accepted),
    ...(lastError !== undefined && { lastError }),
    linkedDatabases: [],
    ...(ports && ports.length > 0 && { ports }),
    systemSoftware: softwareOf(view, caches),
    updateAvailable: hasNewer(status, accepted),
    updatePolicy: policyOf(spec),
    userInputs: answersOf(view, release, caches),
  };
}

/** Also what somebody wrote into the spec that belongs into a Secret is not shown. */
function answersOf(
  { spec: { userInputs = [] }, status }: InstallationView,
  release: Release | undefined,
  caches: Caches,
): AppInstallation['userInputs'] {
  const uses = (status.systemSoftware ?? []).map((software) => useOf(software, caches));
  const asked = userInputs.length === 0 ? [] : askedBy(release ?? {}, uses);
  const secrets = new Set(asked.filter(isSecret).map(({ name }) => name));
  return userInputs.flatMap(({ name, value }) => (value === undefined || secrets.has(name) ? [] : [{ name, value }]));
}

/** `patchLevel` and `all` are the furthest that the seed can say; automation within a minor version reads as `all`. */
export function policyOf({ upgradePolicy, upgrade }: Installation['spec']): Policy {
  if (upgradePolicy === 'manual') {
    return 'none';
  }
  return upgrade?.level === 'patch' ? 'patchLevel' : 'all';
}

function phaseOf({ status, generation }: InstallationView, accepted: string): AppInstallation['phase'] {
  const { observedGeneration = -1, currentVersion, conditions } = status;
  const isAtWork =
    observedGeneration < generation ||
    findCondition(conditions, 'Reconciling')?.status === 'True' ||
    findCondition(conditions, 'Ready')?.status === 'Unknown';
  if (currentVersion === undefined) {
    return isAtWork ? 'installing' : 'pending';
  }
  if (!isAtWork) {
    return 'ready';
  }
  return accepted === currentVersion ? 'reconfiguring' : 'upgrading';
}

function lastErrorOf({ status: { conditions } }: InstallationView): string | undefined {
  const stalled = findCondition(conditions, 'Stalled');
  const health = findCondition(conditions, 'UpgradeHealthy');
  return (
    (stalled?.status === 'True' ? stalled : undefined)?.message ??
    (health?.status === 'False' ? health : undefined)?.message
  );
}

function softwareOf({ spec, status }: InstallationView, caches: Caches): InstalledSystemSoftware[] {
  return (status.systemSoftware ?? []).map((software) => {
    const { name, currentVersion, updateAvailable } = software;
    const { version, release } = useOf(software, caches);
    return {
      systemSoftwareId: softwareId(name),
      name,
      externalVersion: release?.displayVersion ?? version,
      systemSoftwareVersion: {
        desired: softwareVersionId(name, version),
        ...(currentVersion !== undefined && { current: softwareVersionId(name, currentVersion) }),
      },
      updateAvailable,
      updatePolicy: softwarePolicyOf(spec.systemSoftware?.find((wish) => wish.name === name)?.updatePolicy),
    };
  });
}

/** In the version that it has, or is about to have. */
function useOf({ name, currentVersion, targetVersion }: Readonly<InstalledSoftware>, caches: Caches): SoftwareUse {
  const version = targetVersion ?? currentVersion ?? '';
  const release = caches.software.get(name)?.catalogue.releases.find((one) => one.version === version);
  return { name, version, release };
}

type Wished = NonNullable<NonNullable<Installation['spec']['systemSoftware']>[number]['updatePolicy']>;

function softwarePolicyOf(policy: Wished = 'inherit'): SoftwarePolicy {
  return policy === 'inherit' ? 'inheritedFromApp' : policy;
}

/** Whether its pods run. */
export function runStateOf(observed: Observed, now: number): RunState {
  const { deployment, pods } = observed;
  const { isAvailable } = readState(observed, now);
  const exit = pods.find((pod) => pod.exit)?.exit;
  const isRunning = deployment !== undefined && deployment.available > 0;
  const hasExited = !isAvailable && exit !== undefined;
  const silent = hasExited ? 'exited' : 'stopped';
  return {
    state: isRunning ? 'running' : silent,
    logFileLocation: '',
    ...(exit && { lastExitCode: exit.code }),
  };
}

export function dryRunOf({ version, path, software, env }: Outcome): DryRun {
  return {
    dryRun: true,
    version: version ?? null,
    path: [...path],
    systemSoftware: software.map((move) => ({ ...move })),
    env: { added: [...env.added], changed: [...env.changed], removed: [...env.removed] },
  };
}
