import { isDeepStrictEqual } from 'node:util';
import type { InstallationSpec } from '../../../../src/api/installation.ts';
import { FIELD_MANAGER } from '../../../../src/api/names.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareRelease } from '../../../../src/api/software.ts';
import { KINDS } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import { keyOf, type ApiServer, type Change } from '../../cluster/server.ts';
import { hadStarted, isTakenBack, wasAskedForSince } from './attempts.ts';
import { isInTime } from '../people/automation.ts';
import { isRolledOut, templateOf, versionOf } from '../people/deployments.ts';
import type { Deed } from './deed.ts';
import { PROVIDER, specOf, statusOf } from '../people/people.ts';
import { dataOf, isFound, isMarked, isReturn, isSameRollout, numberOf, recordOf, triggerOf } from './records.ts';
import {
  isLeftOver,
  isWithin,
  softwareIn,
  misfitsIn,
  policyFor,
  softwareOf,
  type Published,
  type SoftwareSet,
} from './software-rules.ts';

/**
 * Judges the system software in a template that an operator writes. A template that comes back has the software that it
 * had. A new one has the software that it needs. Software moves only if somebody asked for it or its policy allows it.
 */
export function badSoftware(deed: Deed): string[] {
  const { change, server } = deed;
  const { before, after, key } = change;
  if (!after || (before && isDeepStrictEqual(templateOf(before), templateOf(after)))) {
    return [];
  }
  if (isLeftOver(after)) {
    return [];
  }
  const set = softwareOf(after);
  const told = `${key} with ${inWords(set)}`;
  const record = recordOf(server, after);
  // A Deployment that was found is recorded and applied as it was, whatever somebody did in between.
  const isHeal = isFound(record) || (before !== undefined && isSameRollout(server, before, after));
  if (isHeal || isReturn(server, change)) {
    return isSame(set, recordedSoftware(record)) ? [] : [`applies ${told}, which was not recorded`];
  }
  const beliefs = beliefsOf(deed);
  const isUpdate = triggerOf(server, after) === 'SystemSoftware';
  const misfits = beliefs.flatMap(({ installation, release, published }) =>
    // If one software moves by its own policy, the others stay, so earlier specs count as well.
    (isUpdate ? specsSaying(installation, server) : [specOf(installation)]).map((spec) =>
      misfitsIn(set, spec, release(after), published),
    ),
  );
  const bad = misfits.every((all) => all.length > 0) ? [`rolls out ${told}: ${misfits[0]?.join(', ')}`] : [];
  const last = healed(server, change);
  const yanked = movedIn({ before: last, after }, ({ name, version }) =>
    beliefs.every((belief) => belief.published(name, version)?.lifecycle?.stage === 'yanked'),
  );
  if (!last || !isForgotten(server, last)) {
    bad.push(...yanked.map((one) => `${key} moves to ${one}, which was yanked`));
  }
  if (isUpdate && failedForGood(server, change)) {
    bad.push(`automation tries ${told} again, which failed`);
  }
  // An operator that knows of nothing that ran before begins anew.
  const former = before && isAsCommitted(server, change) ? formerly(server, change).at(-1) : undefined;
  return former && !isForgotten(server, former) ? [...bad, ...badMoves(deed, former, beliefs)] : bad;
}

/** The software of a record; if somebody had changed the Deployment before it was recorded, that of its pods. */
function recordedSoftware(record: ApiObject | undefined): SoftwareSet {
  const { committed, deployment } = dataOf(record) ?? {};
  return committed?.wish === 'unknown'
    ? softwareOf(deployment as unknown as ApiObject)
    : softwareIn(committed?.software);
}

/** Whether nobody knows any more what ran: its record was deleted, or it was recorded as found and has proven nothing. */
function isForgotten(server: ApiServer, deployment: ApiObject): boolean {
  const key = `${keyOf(deployment.metadata)}-${numberOf(deployment)}`;
  const record = recordOf(server, deployment);
  return (
    (isFound(record) && (!isMarked(record, 'proven') || dataOf(record)?.committed.wish === 'unknown')) ||
    server.history.some(
      (c) => c.kind === KINDS.ControllerRevision && c.key === key && !c.after && c.by !== FIELD_MANAGER,
    )
  );
}

/** The objects as an operator may have seen them when it decided. */
interface Belief {
  readonly installation: ApiObject;
  readonly release: (deployment: ApiObject) => Release | undefined;
  readonly published: Published;
}

function beliefsOf({ process, request, change, server }: Deed): Belief[] {
  const seen = (kind: Parameters<typeof process.views.between>[0], key: string) =>
    process.views.between(kind, key, request.lookedAt, request.sentAt);
  const providers = seen(KINDS.Provider, PROVIDER);
  const names = new Set(server.history.flatMap((c) => (c.kind === KINDS.SystemSoftware ? [c.key] : [])));
  const software = new Map([...names].map((name) => [name, seen(KINDS.SystemSoftware, name)]));
  // Each state of a software is a moment of its own. The order of changes of two softwares is not known.
  const moments = Math.max(1, ...[...software.values()].map((views) => views.length));
  const published =
    (moment: number): Published =>
    (name, version) => {
      const views = software.get(name) ?? [];
      return versionsIn(views[Math.min(moment, views.length - 1)]).find((r) => r.version === version);
    };
  return seen(KINDS.ProviderInstallation, change.key)
    .filter((installation) => installation !== undefined)
    .flatMap((installation) =>
      providers.flatMap((provider) => {
        const release = (d: ApiObject) => versionsIn(provider).find((r) => r.version === versionOf(d));
        return Array.from({ length: moments }, (_, i) => ({ installation, release, published: published(i) }));
      }),
    );
}

type Version = Release & SoftwareRelease;

function versionsIn(published: ApiObject | undefined): readonly Version[] {
  return (published?.['spec'] as { readonly versions?: readonly Version[] } | undefined)?.versions ?? [];
}

/** The software that moved away from the version that ran well, though it could have stayed. */
function badMoves({ change, server, now }: Deed, former: ApiObject, beliefs: readonly Belief[]): string[] {
  const { before, after, key } = change;
  const [was, is] = [softwareOf(former), softwareOf(after!)];
  const isUpdate = triggerOf(server, after!) === 'SystemSoftware';
  if (isUpdate && versionOf(before!) !== versionOf(after!)) {
    return [`${key} moves to ${versionOf(after!)} on the way to ${inWords(is)}`];
  }
  const ran = formerly(server, change).map(softwareOf);
  return Object.entries(is).flatMap(([name, to]) => {
    const from = was[name];
    // An operator that has not heard yet that this version was done takes the newest.
    const isKnown = beliefs.every(({ installation }) =>
      statusOf(installation).systemSoftware?.some((s) => s.name === name && s.currentVersion === from),
    );
    if (from === undefined || from === to || !isKnown || ran.some((set) => set[name] === to)) {
      return [];
    }
    const isFree = beliefs.some((belief) => {
      const { installation, release, published } = belief;
      const spec = specOf(installation);
      const couldStay = misfitsIn({ ...is, [name]: from }, spec, release(after!), published).length === 0;
      const mayMove = isUpdate && isWithin(policyFor(name, spec), from, to) && isInTime(installation, now);
      return spec.suspend !== true && (!couldStay || mayMove);
    });
    return isFree ? [] : [`${key} moves from ${name} ${from} to ${to}, and nobody asked for it`];
  });
}

/** Whether automation made these moves before, containers started, they were taken back, and nobody asked for them since. */
function failedForGood(server: ApiServer, change: Change): boolean {
  const moved = movedIn(change);
  const failure = server.history.findLast(
    (c) =>
      isOfSame(c, change) &&
      c.before !== undefined &&
      triggerOf(server, c.before) === 'SystemSoftware' &&
      isTakenBack(server, c) &&
      // Every move must be among those that failed: with another version of one software, its dependencies may be the same.
      isAllOf(moved, movedIn({ before: c.after, after: c.before })),
  );
  return (
    failure?.before !== undefined &&
    hadStarted(server, failure.before) &&
    !wasAskedForSince(server, failure, change.key) &&
    !wasBlamedOnTenant(server, failure)
  );
}

function isAllOf(moved: readonly string[], failed: readonly string[]): boolean {
  return moved.length > 0 && moved.every((one) => failed.includes(one));
}

/** Whether the spec itself named the version by then: it is held, and let go of when another one is asked for. */
function wasBlamedOnTenant(server: ApiServer, { key, version, after }: Change): boolean {
  const installation = server.history.findLast(
    (c) => c.kind === KINDS.ProviderInstallation && c.key === key && c.version < version,
  )?.after;
  return installation !== undefined && specOf(installation).version === versionOf(after!);
}

/** The software that is in another version, or was not there, as `php 8.3.0`. */
function movedIn(
  { before, after }: Pick<Change, 'before' | 'after'>,
  isMeant: (use: { readonly name: string; readonly version: string }) => boolean = () => true,
): string[] {
  const was = before ? softwareOf(before) : {};
  const is = Object.entries(after ? softwareOf(after) : {}).map(([name, version]) => ({ name, version }));
  return is
    .filter((use) => was[use.name] !== use.version && isMeant(use))
    .map(({ name, version }) => `${name} ${version}`);
}

/** All earlier states of the same Deployment that were rolled out completely, oldest first. */
function formerly(server: ApiServer, change: Change): ApiObject[] {
  return server.history.flatMap((c) => (isOfSame(c, change) && isRolledOut(c.after!) ? [c.after!] : []));
}

/** The last complete rollout by the operator. A heal of somebody's change goes back to it, whatever is yanked by now. */
function healed(server: ApiServer, change: Change): ApiObject | undefined {
  const last = server.history.findLast((c) => isOfSame(c, change) && c.by === FIELD_MANAGER)?.after;
  const former = formerly(server, change);
  return former.findLast((d) => last && numberOf(d) === numberOf(last)) ?? former.at(-1);
}

function isOfSame({ kind, key, version, after }: Change, change: Change): boolean {
  const owner = (d: ApiObject | undefined) => d?.metadata.ownerReferences?.[0]?.uid;
  // A Deployment whose owner somebody removed is still the same one.
  const isOwned = owner(after) === undefined || owner(after) === owner(change.after);
  return kind === KINDS.Deployment && key === change.key && version < change.version && after !== undefined && isOwned;
}

/** Whether nobody else has changed the Deployment since the operator wrote it. */
function isAsCommitted(server: ApiServer, change: Change): boolean {
  const last = server.history.findLast(
    (c) => isOfSame(c, change) && c.before?.metadata.generation !== c.after?.metadata.generation,
  );
  return last?.by === FIELD_MANAGER;
}

/** The fault in the system software of pods that are said to be done; undefined if there is none. */
export function unsuited(installation: ApiObject, deployment: ApiObject, server: ApiServer): string | undefined {
  if (isLeftOver(deployment)) {
    return undefined;
  }
  const set = softwareOf(deployment);
  const told = Object.fromEntries(
    (statusOf(installation).systemSoftware ?? []).map(({ name, currentVersion }) => [name, currentVersion]),
  );
  if (!isSame(told, set)) {
    return `${inWords(set)} and not ${inWords(told)}`;
  }
  const files = templateOf(deployment).spec.initContainers;
  const without = Object.entries(set).find(
    ([name, version]) => !files?.some(({ image }) => image.includes(`/software/${name}:${version}`)),
  );
  if (without) {
    return `no files of ${without.join(' ')}`;
  }
  // The committed software stays, whatever is published later: it must suit something that was published once.
  const releases = everPublished(server, KINDS.Provider, PROVIDER, versionOf(deployment));
  const specs = specsSaying(installation, server);
  const suits = releases.some((release) =>
    [true, false].some((isLatest) => {
      const published: Published = (name, version) =>
        everPublished(server, KINDS.SystemSoftware, name, version).at(isLatest ? -1 : 0);
      return specs.some((spec) => misfitsIn(set, spec, release, published).length === 0);
    }),
  );
  return suits ? undefined : `${inWords(set)}, which does not suit`;
}

/**
 * All specs since the one that first said of software what the spec says now. A switch of the policy moves nothing by
 * itself: a version that was a floor when automation moved above it may be the exact version that is asked for by now.
 */
function specsSaying(installation: ApiObject, server: ApiServer): InstallationSpec[] {
  const { systemSoftware } = specOf(installation);
  const all = server.history.flatMap(({ kind, after }) =>
    kind === KINDS.ProviderInstallation && after?.metadata.uid === installation.metadata.uid ? [specOf(after)] : [],
  );
  const isOther = (spec: InstallationSpec) => !isDeepStrictEqual(spec.systemSoftware, systemSoftware);
  return [specOf(installation), ...all.slice(all.findLastIndex(isOther) + 1)];
}

/** All states in which a version was ever published, without repetitions. */
function everPublished(server: ApiServer, kind: Change['kind'], key: string, version: string | undefined): Version[] {
  const all = server.history.flatMap((c) =>
    c.kind === kind && c.key === key ? versionsIn(c.after).filter((r) => r.version === version) : [],
  );
  return all.filter((one, i) => all.findIndex((other) => isDeepStrictEqual(other, one)) === i);
}

function isSame(a: Readonly<Record<string, unknown>>, b: SoftwareSet): boolean {
  return isDeepStrictEqual({ ...a }, { ...b });
}

function inWords(set: Readonly<Record<string, string | undefined>>): string {
  return (
    Object.entries(set)
      .map(([name, version]) => `${name} ${version}`)
      .join(' and ') || 'no software'
  );
}
