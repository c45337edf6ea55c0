import { isDeepStrictEqual } from 'node:util';
import semver from 'semver';
import { findCondition } from '../../../src/api/conditions.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { ANNOTATION, FIELD_MANAGER } from '../../../src/api/names.ts';
import { escapeExpansion } from '../../../src/plan/environment.ts';
import { expectKstatus } from '../../support/kstatus.ts';
import { isInstallation, KINDS, type Kind } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import type { ApiServer, Change } from '../cluster/server.ts';
import { published, specOf } from './people.ts';
import type { InFlight, OperatorProcess } from './process.ts';

/**
 * What must hold at every instant, judged when an operator's write is carried out. An operator cannot know what has not
 * reached it, so it is held against what it was told (`Views`) between the moment at which it may have begun to look and
 * the one at which it sent the write; never against its own hashes.
 */

/** A write of an operator, when it is carried out. */
export interface Deed {
  readonly change: Change;
  readonly server: ApiServer;
  readonly process: OperatorProcess;
  readonly request: InFlight;
}

/** Every truth that this write breaks. */
export function judgeWrite(deed: Deed): string[] {
  const { change } = deed;
  if (!change.after) {
    return [];
  }
  if (isInstallation(change.after)) {
    return statusLies(deed, change.after);
  }
  return change.kind === KINDS.Deployment ? badRollouts(deed, change.after) : [];
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
  const seen = viewsOf(deed, KINDS.Deployment, change.key).filter((d) => d !== undefined && isOwnedBy(d, installation));
  const deployments = seen.filter((d) => d !== undefined);
  try {
    expectKstatus(status, metadata.generation ?? 0);
  } catch (error) {
    lies.push(`the status of ${change.key} is not as kstatus wants it: ${error instanceof Error ? error.message : ''}`);
  }
  const ready = findCondition(status.conditions, 'Ready');
  if (ready?.status === 'True') {
    const judged = deployments.map((d) => unfinished(installation, d) ?? overtaken(deed, d));
    if (!judged.includes(undefined)) {
      lies.push(`${change.key} is Ready with ${judged.join(' and ') || 'no Deployment'}`);
    }
  }
  if (ready?.reason === 'Rejected' || ready?.reason === 'NameConflict') {
    lies.push(`${change.key} shows a race as a problem of its owner: ${ready.message}`);
  }
  if (status.installedVersion !== undefined && status.installedVersion !== before?.installedVersion) {
    if (!deployments.some((d) => versionOf(d) === status.installedVersion)) {
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

/** An operator wrote another spec after this version, so that it says nothing of what was asked for last. */
function overtaken({ server, change }: Deed, { metadata }: ApiObject): string | undefined {
  const version = Number(metadata.resourceVersion);
  const later = server.history.find(
    (c) =>
      c.version > version &&
      c.version < change.version &&
      c.kind === KINDS.Deployment &&
      c.key === change.key &&
      c.by === FIELD_MANAGER &&
      c.before?.metadata.generation !== c.after?.metadata.generation,
  );
  return later && `a Deployment that was changed at ${later.version}, after ${version}`;
}

/** What is wrong with a Deployment for an installation that says that all is done. */
function unfinished(installation: ApiObject, deployment: ApiObject): string | undefined {
  const spec = specOf(installation);
  const wanted =
    spec.upgradePolicy === 'manual' && spec.version !== undefined
      ? spec.version
      : statusOf(installation).currentVersion;
  if (versionOf(deployment) !== wanted) {
    return `version ${versionOf(deployment)} instead of ${wanted}`;
  }
  if (containerOf(deployment)?.image !== `registry.example.com/acme/web:${wanted}` && !isBadImage(deployment)) {
    return `image ${containerOf(deployment)?.image}`;
  }
  const env = containerOf(deployment)?.env ?? [];
  for (const [name, value] of Object.entries(spec.config ?? {})) {
    const variable = env.find((e) => e.name === name);
    if (!variable || (variable.value ?? '') !== escapeExpansion(value)) {
      return `${name}=${variable?.value} instead of ${value}`;
    }
  }
  const replicas = { free: 1, standard: 2, performance: 3 }[spec.resourceTier];
  if ((deployment['spec'] as { replicas: number }).replicas !== replicas) {
    return `${(deployment['spec'] as { replicas: number }).replicas} replicas instead of ${replicas}`;
  }
  return isRolledOut(deployment)
    ? undefined
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
  if (!services.some((s) => s !== undefined)) {
    bad.push(`the Deployment ${key} is written before the Service that serves it`);
  }
  const to = versionOf(after);
  const from = before && versionOf(before);
  const installations = viewsOf(deed, KINDS.ProviderInstallation, key).filter((i) => i !== undefined);
  if (to === undefined || to === from) {
    return bad;
  }
  const deployments = viewsOf(deed, KINDS.Deployment, key).filter((d) => d !== undefined);
  // Who has not heard yet that somebody else moved it stays where it was.
  const isTampered = lastSpecChange(server, change)?.by !== FIELD_MANAGER;
  const isStaying = isTampered && deployments.some((d) => versionOf(d) === to);
  if (!isStaying && !installations.some((i) => mayMove({ installation: i, deployments, from, to, server }))) {
    bad.push(`nobody asked to move ${key} from ${from} to ${to}`);
  }
  return bad;
}

function lastSpecChange(server: ApiServer, { kind, key, version }: Change): Change | undefined {
  return server.history.findLast(
    (c) =>
      c.kind === kind &&
      c.key === key &&
      c.version < version &&
      c.before?.metadata.generation !== c.after?.metadata.generation,
  );
}

interface Move {
  readonly installation: ApiObject;
  /** What the operator may have believed of the Deployment. */
  readonly deployments: readonly ApiObject[];
  readonly from: string | undefined;
  readonly to: string;
  readonly server: ApiServer;
}

/** Whether the spec, as the operator saw it, asks for a move; by the rules of the contract, told in another way. */
function mayMove({ installation, deployments, from, to, server }: Move): boolean {
  const spec = specOf(installation);
  const status = statusOf(installation);
  if (spec.suspend) {
    return false;
  }
  // What somebody else put there is undone.
  if (to === status.installedVersion) {
    return true;
  }
  const isNamed = spec.version === to;
  const isUp = from === undefined || semver.gt(to, from);
  if (isUp) {
    const isFirst = from === undefined && status.installedVersion === undefined && spec.version === undefined;
    // A breaking release breaks nothing where nothing has ever run.
    const isHarmless = status.currentVersion === undefined || !wasBreaking(server, to);
    return isNamed || isFirst || (spec.upgradePolicy === 'auto' && isHarmless);
  }
  // Back from what was never done is a cancel, and no downgrade of what ran before.
  const wasDone = deployments.some((d) => versionOf(d) === from && isRolledOut(d));
  const isAboveStable = status.currentVersion === undefined || semver.gte(to, status.currentVersion);
  return isNamed && (spec.upgrade?.allowDowngradeTo === to || (!wasDone && isAboveStable));
}

function wasBreaking(server: ApiServer, version: string): boolean {
  return published(server).find((r) => r.version === version)?.breaking !== undefined;
}

function statusOf(installation: ApiObject): InstallationStatus {
  return installation['status'] as InstallationStatus;
}

/** Also where somebody took the owner away: what runs is the same. */
function isOwnedBy({ metadata }: ApiObject, installation: ApiObject): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === installation.metadata.uid) ?? true;
}

interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly {
      readonly image: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

function templateOf(deployment: ApiObject): Template {
  return (deployment['spec'] as { readonly template: Template }).template;
}

function versionOf(deployment: ApiObject): string | undefined {
  return templateOf(deployment).metadata?.annotations?.[ANNOTATION.version];
}

function containerOf(deployment: ApiObject): Template['spec']['containers'][number] | undefined {
  return templateOf(deployment).spec.containers[0];
}

function isBadImage(deployment: ApiObject): boolean {
  return containerOf(deployment)?.image.includes('never-ready') ?? false;
}

/** It was done at some time, although pods may have become unavailable, or asked for otherwise, since. */
function wasRolledOut(server: ApiServer, key: string, version: string): boolean {
  return server.history.some(
    (c) =>
      c.kind === KINDS.Deployment && c.key === key && c.after && versionOf(c.after) === version && isRolledOut(c.after),
  );
}

function isRolledOut({ metadata, ...deployment }: ApiObject): boolean {
  const { replicas } = deployment['spec'] as { readonly replicas: number };
  const status = (deployment['status'] ?? {}) as Readonly<Record<string, number>>;
  return (
    (status['observedGeneration'] ?? 0) >= (metadata.generation ?? 0) &&
    // Pods too many, after a scale-down, harm nobody.
    status['updatedReplicas'] === status['replicas'] &&
    (status['updatedReplicas'] ?? 0) >= replicas &&
    (status['availableReplicas'] ?? 0) >= replicas
  );
}
