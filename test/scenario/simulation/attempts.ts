import { isDeepStrictEqual } from 'node:util';
import { ANNOTATION, FIELD_MANAGER, LABEL } from '../../../src/api/names.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { ApiServer, Change } from '../cluster/server.ts';
import { containerOf, isRolledOut, templateOf, versionOf } from './deployments.ts';
import type { Deed } from './oracles.ts';
import { PROVIDER, published, publishedSoftware, statusOf } from './people.ts';
import { softwareOf, type SoftwareSet } from './software-rules.ts';

/**
 * What must hold whenever an operator begins a rollout: nothing that failed is begun again unasked, nothing that was done
 * is taken back, and no more begin by themselves than the platform team allows.
 */
export function badAttempts(deed: Deed): string[] {
  const { change, server } = deed;
  const { before, after, key } = change;
  const trigger = after && triggerOf(after);
  if (!after || (before && attemptOf(before) === attemptOf(after))) {
    return [];
  }
  const bad: string[] = [];
  if (trigger === 'Policy' && before && versionOf(before) !== versionOf(after) && failedForGood(server, change)) {
    bad.push(`automation tries ${versionOf(after)} for ${key} again, which failed`);
  }
  if (trigger === 'Rollback' && before && knewThatItWasDone(deed, before)) {
    bad.push(`${versionOf(before)} of ${key} was done, and is taken back`);
  }
  const atOnce = server
    .list(KINDS.Deployment)
    .filter((d) => wasMadeByOperator(server, d) && isUnderWay(server, d, deed.now)).length;
  if (isUnasked(after) && atOnce > deed.mostAtOnce) {
    bad.push(`${atOnce} rollouts that nobody asked for are under way at once`);
  }
  return bad;
}

/** One that somebody deleted and made again was gone for a moment, and its place was free. */
function wasMadeByOperator(server: ApiServer, { metadata }: ApiObject): boolean {
  const isCreation = (c: Change) => c.before === undefined && c.after?.metadata.uid === metadata.uid;
  return server.history.find(isCreation)?.by === FIELD_MANAGER;
}

export function attemptOf({ metadata }: ApiObject): string {
  return metadata.annotations?.[ANNOTATION.attempt] ?? '';
}

export function triggerOf(deployment: ApiObject): string | undefined {
  return /trigger=(\w+)/.exec(attemptOf(deployment))?.[1];
}

/** One that somebody took the label or the owner of is out of the operator's sight until it is heard of again. */
function isUnasked(deployment: ApiObject): boolean {
  const { labels, ownerReferences } = deployment.metadata;
  const trigger = triggerOf(deployment);
  const isSeen = labels?.[LABEL.installation] !== undefined && ownerReferences?.[0] !== undefined;
  return isSeen && (trigger === 'Policy' || trigger === 'SystemSoftware' || trigger === 'Tier');
}

/** The same image was taken back after its containers had started, and nobody has asked for it since. */
function failedForGood(server: ApiServer, { key, version, after }: Change): boolean {
  const owner = after?.metadata.ownerReferences?.[0]?.uid;
  const image = after && containerOf(after)?.image;
  const isIt = (d: ApiObject) => versionOf(d) === versionOf(after!) && containerOf(d)?.image === image;
  const failure = server.history.findLast(
    (c) =>
      c.kind === KINDS.Deployment &&
      c.key === key &&
      c.version < version &&
      c.by === FIELD_MANAGER &&
      c.before?.metadata.ownerReferences?.[0]?.uid === owner &&
      c.before !== undefined &&
      c.after !== undefined &&
      attemptOf(c.before) !== attemptOf(c.after) &&
      triggerOf(c.after) === 'Rollback' &&
      // Then the system software is to blame.
      triggerOf(c.before) !== 'SystemSoftware' &&
      isIt(c.before),
  );
  return (
    failure?.before !== undefined &&
    hadStarted(server, failure.before) &&
    !wasYankedEver(server, versionOf(failure.before)) &&
    !broughtYankedSoftware(server, failure) &&
    !wasAskedForSince(server, failure, key) &&
    !wasForgottenSince(server, failure, key)
  );
}

export function hadStarted(server: ApiServer, deployment: ApiObject): boolean {
  const inputs = templateOf(deployment).metadata?.annotations?.[ANNOTATION.inputsHash];
  return server.history.some(
    ({ kind, after }) =>
      kind === KINDS.Pod &&
      after?.metadata.annotations?.[ANNOTATION.inputsHash] === inputs &&
      // Also what only copies files.
      /"phase":"Running"|"restartCount":[1-9]/.test(JSON.stringify(after?.['status'])),
  );
}

/** A release that is yanked is taken back although nothing is wrong with its containers. */
function wasYankedEver(server: ApiServer, version: string | undefined): boolean {
  return server.history.some(
    ({ kind, after }) =>
      kind === KINDS.Provider &&
      after !== undefined &&
      published({ get: () => after }).some((r) => r.version === version && r.lifecycle?.stage === 'yanked'),
  );
}

/** Any of what a set has. */
function wasSoftwareYankedEver(server: ApiServer, set: SoftwareSet, by = Infinity): boolean {
  return server.history.some(
    ({ kind, key, after, version }) =>
      kind === KINDS.SystemSoftware &&
      version < by &&
      after !== undefined &&
      publishedSoftware({ get: () => after }, key).some(
        (r) => r.version === set[key] && r.lifecycle?.stage === 'yanked',
      ),
  );
}

/** Nor is anything wrong with a release that moved to software which was yanked then: with other software it may be tried. */
function broughtYankedSoftware(server: ApiServer, { version, before, after }: Change): boolean {
  const had = after ? softwareOf(after) : {};
  const brought = Object.entries(before ? softwareOf(before) : {}).filter(([name, its]) => had[name] !== its);
  return wasSoftwareYankedEver(server, Object.fromEntries(brought), version);
}

function hasWayBack(deployment: ApiObject): boolean {
  return / stable=/.test(attemptOf(deployment));
}

export function wasAskedForSince(server: ApiServer, failure: Change, key: string): boolean {
  const retryOf = (object: ApiObject | undefined) => object?.metadata.annotations?.[ANNOTATION.retry];
  return server.history.some(
    (c) =>
      // What came in the moment of the failure may not have been seen then.
      c.version > failure.version - SEEN_LATE &&
      (c.key === key || c.key === PROVIDER) &&
      (c.kind === KINDS.ProviderInstallation || c.kind === KINDS.Provider) &&
      retryOf(c.before) !== retryOf(c.after),
  );
}

/** Changes that an operator may not have heard of yet. */
const SEEN_LATE = 60;

/** Both who remembered lost it. */
export function wasForgottenSince(server: ApiServer, failure: Change, key: string): boolean {
  const since = server.history.filter((c) => c.version > failure.version && c.key === key);
  const isDeploymentLost = since.some(({ kind, after }) => kind === KINDS.Deployment && !after);
  const isStatusLost = since.some(
    ({ kind, before, after }) =>
      kind === KINDS.ProviderInstallation &&
      before &&
      after &&
      statusOf(before).failedVersions &&
      !statusOf(after).failedVersions,
  );
  return isDeploymentLost && isStatusLost;
}

/** All that it may have believed when it decided to go back shows that the rollout was done. */
function knewThatItWasDone({ process, request, change, server }: Deed, before: ApiObject): boolean {
  const done = server.history.find(
    (c) =>
      c.kind === KINDS.Deployment &&
      c.key === change.key &&
      c.after !== undefined &&
      attemptOf(c.after) === attemptOf(before) &&
      isDeepStrictEqual(templateOf(c.after), templateOf(before)) &&
      isRolledOut(c.after),
  );
  const seen = process.views.between(KINDS.Deployment, change.key, request.lookedAt, request.sentAt);
  return (
    done !== undefined &&
    !wasBroughtBackUnknown(server, done) &&
    // It may have been under way to something else, until somebody brought this one back unseen.
    seen.every((d) => d && Number(d.metadata.resourceVersion) >= done.version && attemptOf(d) === attemptOf(before))
  );
}

/** Somebody wiped the status, which alone knew, and what was done is there again because somebody brought it back. */
function wasBroughtBackUnknown(server: ApiServer, { version, key }: Change): boolean {
  const since = server.history.filter((c) => c.version > version && c.key === key);
  const isWiped = since.some(
    ({ kind, before, after }) =>
      kind === KINDS.ProviderInstallation && before && after && statusOf(before).history && !statusOf(after).history,
  );
  const isBroughtBack = since.some(({ kind, by }) => kind === KINDS.Deployment && by === 'kubectl-rollout');
  return isWiped && isBroughtBack;
}

/** Neither done nor failed. */
function isUnderWay(server: ApiServer, deployment: ApiObject, now: number): boolean {
  if (
    !isUnasked(deployment) ||
    isRolledOut(deployment) ||
    !isOfOperator(server, deployment) ||
    isLeftBehind(server, deployment)
  ) {
    return false;
  }
  const { progressDeadlineSeconds = 600 } = deployment['spec'] as { readonly progressDeadlineSeconds?: number };
  const { conditions = [], observedGeneration = 0 } = (deployment['status'] ?? {}) as {
    readonly conditions?: readonly { reason: string }[];
    readonly observedGeneration?: number;
  };
  // What the controller said of the rollout before says nothing of this one.
  const isObserved = observedGeneration >= (deployment.metadata.generation ?? 0);
  const startedAt = Date.parse(/started=(\S+)/.exec(attemptOf(deployment))?.[1] ?? '');
  // A Deployment that somebody replaced begins anew with the old words.
  const wasDone =
    (isObserved && conditions.some(({ reason }) => reason === 'NewReplicaSetAvailable')) ||
    server.history.some(
      ({ kind, after }) =>
        kind === KINDS.Deployment && after && attemptOf(after) === attemptOf(deployment) && isRolledOut(after),
    );
  // One that is yanked has failed, and where there is nothing to go back to nobody waits for it; so has one whose software is.
  const isStuck =
    isInTrouble(server, deployment) ||
    wasYankedEver(server, versionOf(deployment)) ||
    (!hasWayBack(deployment) && wasSoftwareYankedEver(server, softwareOf(deployment)));
  return !wasDone && now < startedAt + progressDeadlineSeconds * 1000 && !isStuck;
}

/** Its installation is gone, and so will it be: nobody looks after it any more. */
function isLeftBehind(server: ApiServer, { metadata }: ApiObject): boolean {
  const owner = metadata.ownerReferences?.[0]?.uid;
  return !server.list(KINDS.ProviderInstallation).some((installation) => installation.metadata.uid === owner);
}

/** Who makes a Deployment anew by hand asks for a rollout. */
function isOfOperator(server: ApiServer, { metadata }: ApiObject): boolean {
  const made = server.history.find(
    ({ kind, after }) => kind === KINDS.Deployment && after?.metadata.uid === metadata.uid,
  );
  return made?.by === FIELD_MANAGER;
}

function isInTrouble(server: ApiServer, { metadata, ...deployment }: ApiObject): boolean {
  const { conditions = [] } = (deployment['status'] ?? {}) as { readonly conditions?: readonly { reason: string }[] };
  const pods = server
    .list(KINDS.Pod)
    .filter((p) => p.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
  return (
    conditions.some(({ reason }) => reason === 'FailedCreate') ||
    pods.some((pod) => /"restartCount":[3-9]|ImagePullBackOff/.test(JSON.stringify(pod['status'])))
  );
}
