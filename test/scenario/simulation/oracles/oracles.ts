import { isDeepStrictEqual } from 'node:util';
import semver from 'semver';
import { findCondition } from '../../../../src/api/conditions.ts';
import { FIELD_MANAGER } from '../../../../src/api/names.ts';
import { envOf } from '../../../../src/api/user-input.ts';
import { escapeExpansion } from '../../../../src/plan/pods/environment.ts';
import { expectKstatus } from '../../../support/kstatus.ts';
import { isInstallation, KINDS, type Kind } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import type { ApiServer } from '../../cluster/server.ts';
import { isOpenTo } from '../people/automation.ts';
import { badAttempts, badMarks, lostFailures } from './attempts.ts';
import type { Deed } from './deed.ts';
import { containerOf, isRolledOut, templateOf, versionOf, wasRolledOut, isAvailable } from '../people/deployments.ts';
import { PROVIDER, published, specOf, statusOf } from '../people/people.ts';
import { dataOf, isFound, isMarked, isReturn, newestProven, numberOf, ownerOf, recordOf } from './records.ts';
import { badSoftware, unsuited } from './software-moves.ts';

/**
 * Judges each write of an operator when it is carried out. An operator cannot know of changes that have not reached it. So
 * a write is compared with what the operator was told (`Views`), from the moment at which it may have begun to read until
 * it sent the write, and never with the operator's own hashes.
 */

/** Describes every rule that this write breaks. */
export function judgeWrite(deed: Deed): string[] {
  const { change } = deed;
  if (!change.after) {
    return lostFailures(deed);
  }
  if (isInstallation(change.after)) {
    return statusLies(deed, change.after);
  }
  return change.kind === KINDS.Deployment
    ? [...badRollouts(deed, change.after), ...badAttempts(deed), ...badSoftware(deed)]
    : badMarks(deed);
}

function viewsOf({ process, request }: Deed, kind: Kind, key: string): (ApiObject | undefined)[] {
  return process.views.between(kind, key, request.lookedAt, request.sentAt);
}

function statusLies(deed: Deed, installation: ApiObject): string[] {
  const { change } = deed;
  const { metadata } = installation;
  const status = statusOf(installation);
  const before = change.before && statusOf(change.before);
  const lies: string[] = [];
  const seen = viewsOf(deed, KINDS.Deployment, change.key);
  const deployments = seen.filter((d) => d !== undefined && isOwnedBy(d, installation)).filter((d) => d !== undefined);
  try {
    expectKstatus(status, metadata.generation ?? 0);
  } catch (error) {
    lies.push(`the status of ${change.key} is not as kstatus wants it: ${error instanceof Error ? error.message : ''}`);
  }
  const ready = findCondition(status.conditions, 'Ready');
  if (ready?.status === 'True') {
    const judged = deployments.map((d) => unfinished(deed, installation, d) ?? overtaken(deed, d));
    if (!judged.includes(undefined)) {
      lies.push(`${change.key} is Ready with ${judged.join(' and ') || 'no Deployment'}`);
    }
  }
  const available = findCondition(status.conditions, 'Available')?.status;
  const wasAvailable = findCondition(before?.conditions, 'Available')?.status;
  // What is somebody else's, or nobody's, may be taken for its own or not.
  const saysSo = (d: ApiObject | undefined) =>
    (d && !isOwnedBy(d, installation)) ||
    isAvailable(d) === (available === 'True') ||
    // In a rollout that adds pods, be it one that goes back, it is enough that as many serve as before.
    (available === 'True' && ready?.status !== 'True' && ready?.reason !== 'Unavailable');
  // One that the caches do not show is seen first in the answer to its own apply.
  const last = deed.server.history.findLast((c) => c.kind === KINDS.Deployment && c.key === change.key);
  const isFound = available === 'False' && last?.by === FIELD_MANAGER;
  if (available !== wasAvailable && !isFound && !seen.some(saysSo)) {
    lies.push(`${change.key} says that Available is ${available}, and its Deployment does not`);
  }
  if (ready?.reason === 'Rejected' || ready?.reason === 'NameConflict') {
    lies.push(`${change.key} shows a race as a problem of its owner: ${ready.message}`);
  }
  if (status.installedVersion !== undefined && status.installedVersion !== before?.installedVersion) {
    // Its own write may be undone before it hears the answer.
    const written = deed.server.history.findLast(
      (c) => c.kind === KINDS.Deployment && c.key === change.key && c.by === FIELD_MANAGER && c.after !== undefined,
    )?.after;
    if (![...deployments, written].some((d) => d && versionOf(d) === status.installedVersion)) {
      lies.push(`${change.key} says that ${status.installedVersion} is installed, and no Deployment has it`);
    }
  }
  if (status.currentVersion !== undefined && status.currentVersion !== before?.currentVersion) {
    if (!wasRolledOut(deed.server, change.key, status.currentVersion)) {
      lies.push(`${change.key} says that ${status.currentVersion} is current, and it was not rolled out`);
    }
  }
  return lies;
}

/** Describes a later write of another template by an operator, after which this state says nothing of the last wish. */
function overtaken({ server, change }: Deed, deployment: ApiObject): string | undefined {
  const version = Number(deployment.metadata.resourceVersion);
  const later = server.history.find(
    (c) =>
      c.version > version &&
      c.version < change.version &&
      c.kind === KINDS.Deployment &&
      c.key === change.key &&
      c.by === FIELD_MANAGER &&
      c.before !== undefined &&
      c.after !== undefined &&
      !isDeepStrictEqual(templateOf(c.before), templateOf(c.after)) &&
      // An operator that did not see somebody's change writes the template that was there before.
      !isDeepStrictEqual(templateOf(deployment), templateOf(c.after)),
  );
  return later && `a Deployment that was changed at ${later.version}, after ${version}`;
}

/** Whether the last rollout was done, and the Deployment controller has not seen the changes since then. */
function isUnseen(server: ApiServer, deployment: ApiObject): boolean {
  const { observedGeneration = 0 } = (deployment['status'] ?? {}) as { readonly observedGeneration?: number };
  const versions = server.history.filter(
    ({ kind, after, version }) =>
      kind === KINDS.Deployment &&
      after?.metadata.uid === deployment.metadata.uid &&
      version <= Number(deployment.metadata.resourceVersion),
  );
  const written = versions.filter(({ by }) => by === FIELD_MANAGER);
  // An operator that writes its last template again undoes changes of others, perhaps unseen. That is no rollout.
  const lastRollout = written.findLast(
    ({ after }, i) => !isDeepStrictEqual(after && templateOf(after), templateOf(written[Math.max(0, i - 1)]!.after!)),
  );
  return (
    observedGeneration < (deployment.metadata.generation ?? 0) &&
    versions.some(({ version, after }) => version >= (lastRollout?.version ?? 0) && after && isRolledOut(after))
  );
}

/** The fault of a Deployment whose installation says that all is done; undefined if it has none. */
function unfinished({ server }: Deed, installation: ApiObject, deployment: ApiObject): string | undefined {
  const spec = specOf(installation);
  const wanted =
    spec.upgradePolicy === 'manual' && spec.version !== undefined
      ? spec.version
      : statusOf(installation).currentVersion;
  if (versionOf(deployment) !== wanted) {
    return `version ${versionOf(deployment)} instead of ${wanted}`;
  }
  if (!containerOf(deployment)?.image.startsWith(`registry.example.com/acme/web:${wanted}`)) {
    return `image ${containerOf(deployment)?.image}`;
  }
  const env = containerOf(deployment)?.env ?? [];
  for (const [name, value] of Object.entries(spec.config ?? {})) {
    const variable = env.find((e) => e.name === name);
    if (!variable || (variable.value ?? '') !== escapeExpansion(value)) {
      return `${name}=${variable?.value} instead of ${value}`;
    }
  }
  const asked = dataOf(recordOf(server, deployment))?.inputs ?? [];
  for (const { name, value = '' } of spec.userInputs ?? []) {
    const variable = env.find((e) => e.name === envOf({ name }));
    if (asked.some((input) => input.name === name) && (variable?.value ?? '') !== escapeExpansion(value)) {
      return `the input ${name} is ${variable?.value} instead of ${value}`;
    }
  }
  const replicas = { free: 1, standard: 2, performance: 3 }[spec.resourceTier];
  if ((deployment['spec'] as { replicas: number }).replicas !== replicas) {
    return `${(deployment['spec'] as { replicas: number }).replicas} replicas instead of ${replicas}`;
  }
  return isRolledOut(deployment) || isUnseen(server, deployment)
    ? unsuited(installation, deployment, server)
    : `version ${deployment.metadata.resourceVersion} of its Deployment not done`;
}

function badRollouts(deed: Deed, after: ApiObject): string[] {
  const { change, server } = deed;
  const { before, key } = change;
  if (before && isDeepStrictEqual(templateOf(before), templateOf(after))) {
    return [];
  }
  const bad: string[] = [];
  const services = viewsOf(deed, KINDS.Service, key);
  // A Deployment that comes back or was found had its Service. If that was lost meanwhile, this rule does not apply.
  if (!isReturn(server, change) && !isFound(recordOf(server, after)) && !services.some((s) => s !== undefined)) {
    bad.push(`the Deployment ${key} is written before the Service that serves it`);
  }
  const to = versionOf(after);
  const from = before && versionOf(before);
  const installations = viewsOf(deed, KINDS.ProviderInstallation, key).filter((i) => i !== undefined);
  if (to === undefined || to === from) {
    return bad;
  }
  const views = viewsOf(deed, KINDS.Deployment, key);
  const move = { deed, from, to, views };
  const isHeal = views.some((d) => d !== undefined && numberOf(d) === numberOf(after));
  const isAllowed = isReturn(server, change)
    ? mayReturn(deed, after)
    : isHeal || installations.some((installation) => mayStart(move, installation));
  if (!isAllowed) {
    bad.push(`nobody asked to move ${key} from ${from} to ${to}`);
  }
  return bad;
}

/** Whether a proven record may come back: after a verdict, or if nothing stands that could be judged. */
function mayReturn({ server, change: { before, key } }: Deed, after: ApiObject): boolean {
  // If somebody deleted the record of the Deployment, nothing says which verdict it had.
  const given = before && server.get(KINDS.ControllerRevision, `${key}-${numberOf(before)}`);
  const isOver = isMarked(given, 'failed') || isMarked(given, 'superseded');
  const stands = before !== undefined && given !== undefined && !isOver && numberOf(before) > numberOf(after);
  // The record may have been deleted since the operator read it, so its number may be higher.
  return numberOf(after) >= newestProven(server, key, ownerOf(after)) && !stands;
}

interface Move {
  readonly deed: Deed;
  readonly from: string | undefined;
  readonly to: string;
  /** The Deployment as the operator may have seen it. */
  readonly views: readonly (ApiObject | undefined)[];
}

/** Whether the spec, as the operator saw it, asks for a rollout, by the rules of the contract and not its code. */
function mayStart({ deed, from, to, views }: Move, installation: ApiObject): boolean {
  const { server, change, now } = deed;
  const spec = specOf(installation);
  if (spec.suspend) {
    return false;
  }
  const owner = installation.metadata.uid;
  const stable = versionOfRecord(server, change.key, newestProven(server, change.key, owner), owner);
  const bases = [from, stable, ...views.map((d) => d && versionOf(d))];
  const catalogues = viewsOf(deed, KINDS.Provider, PROVIDER).filter((p) => p !== undefined);
  const isNamed = spec.version === to;
  const isUp = stable === undefined || semver.gte(to, stable);
  if (isUp) {
    const isAbove = spec.version === undefined || (spec.upgradePolicy === 'auto' && semver.gte(to, spec.version));
    const isFirst = stable === undefined && isAbove;
    const isOnTheWay = spec.version !== undefined && semver.lt(to, spec.version) && wasRequired(server, to);
    const isOpen = catalogues.some((catalogue) =>
      isOpenTo(catalogue, installation, { runs: stable ?? from, version: to }, now),
    );
    // An edit of another field rolls out with the version that runs.
    const isStaying = bases.includes(to);
    return isNamed || isFirst || isOnTheWay || isStaying || (spec.upgradePolicy === 'auto' && isOpen);
  }
  return isNamed && spec.upgrade?.allowDowngradeTo === to;
}

function versionOfRecord(server: ApiServer, key: string, number: number, owner: string): string | undefined {
  const record = server
    .list(KINDS.ControllerRevision)
    .find((r) => ownerOf(r) === owner && `${r.metadata.namespace}/${r.metadata.name}` === `${key}-${number}`);
  return dataOf(record)?.version;
}

function wasRequired(server: ApiServer, version: string): boolean {
  return published(server).find((r) => r.version === version)?.required === true;
}

/** Whether a Deployment belongs to an installation, even if somebody removed its owner: the same pods run. */
function isOwnedBy({ metadata }: ApiObject, installation: ApiObject): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === installation.metadata.uid) ?? true;
}
