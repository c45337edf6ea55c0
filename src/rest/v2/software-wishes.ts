import type { Json, JsonObject } from '../../cluster/merge-patch.ts';
import type { Release } from '../../api/provider.ts';
import type { Prospect } from '../../plan/ask/prospect.ts';
import type { Caches } from '../../reconcile/caches.ts';
import type { Live } from '../installations.ts';
import type { RestProblem } from '../problem.ts';
import { bad } from './bad.ts';
import { findSoftware, findSoftwareVersion } from './find.ts';
import { softwareId, softwareVersionId } from './ids.ts';
import { listField } from './list-field.ts';
import type { PatchRequest } from './shapes.ts';

/** The system software of a request of the second seed, as the wishes of a spec. */

interface Place {
  readonly caches: Caches;
  readonly live: Live;
}

type Wish = { readonly [member: string]: Json } & { readonly name: string };

export function softwareFields(
  situation: Place,
  { systemSoftware = {} }: Pick<PatchRequest, 'systemSoftware'>,
  before: Prospect,
  target: Release | undefined,
): JsonObject {
  const { live } = situation;
  const stored = (live.raw.spec?.['systemSoftware'] ?? []) as unknown as readonly Wish[];
  const wishes = new Map(stored.map((wish) => [wish.name, wish]));
  demandDistinct(Object.keys(systemSoftware));
  for (const [id, asked] of Object.entries(systemSoftware)) {
    if (asked === null) {
      wishes.delete(removable(situation, id, before, target));
      continue;
    }
    const wish = wishOf(situation, id, asked, wishes);
    if (wish) {
      wishes.set(wish.name, wish);
    }
  }
  return listField('systemSoftware', stored, [...wishes.values()]);
}

/** The name of a software that nothing needs but the wish for it. */
function removable(
  { caches, live }: Place,
  id: string,
  { outlook, software }: Prospect,
  target: Release | undefined,
): string {
  const wished = (live.view.spec.systemSoftware ?? []).map(({ name }) => name);
  const name = [...software.keys(), ...wished].find((one) => softwareId(one) === id.toLowerCase());
  const published = name ?? findSoftware(caches, id)?.key;
  if (published === undefined) {
    throw unknownSoftware(id);
  }
  const details = target ? outlook?.input.software?.describe(target, software) : undefined;
  const needed = details?.find((one) => one.name === published)?.requiredBy ?? [];
  if (needed.length > 0) {
    throw bad('SoftwareRequired', `Leave "${published}" in systemSoftware: ${needed.join(' and ')} needs it`);
  }
  return published;
}

function wishOf(
  { caches, live }: Place,
  id: string,
  { systemSoftwareVersion, updatePolicy }: NonNullable<NonNullable<PatchRequest['systemSoftware']>[string]>,
  wishes: ReadonlyMap<string, Wish>,
): Wish | undefined {
  const view = findSoftware(caches, id);
  if (!view) {
    throw unknownSoftware(id);
  }
  const name = view.key;
  const installed = live.view.status.systemSoftware?.find((one) => one.name === name);
  const shown = installed?.targetVersion ?? installed?.currentVersion;
  const isShown = systemSoftwareVersion?.toLowerCase() === softwareVersionId(name, shown ?? '');
  const version = isShown ? shown : findVersionOf(view, systemSoftwareVersion);
  const policy = updatePolicy === 'inheritedFromApp' ? 'inherit' : updatePolicy;
  const wish = wishes.get(name);
  const stays =
    (isShown || version === undefined) && (policy === undefined || policy === (wish?.['updatePolicy'] ?? 'inherit'));
  if (stays && (wish || installed)) {
    return wish;
  }
  return { ...wish, name, ...(version !== undefined && { version }), ...(policy && { updatePolicy: policy }) };
}

function findVersionOf(view: Parameters<typeof findSoftwareVersion>[0], id: string | undefined): string | undefined {
  const release = id === undefined ? undefined : findSoftwareVersion(view, id);
  if (id !== undefined && !release) {
    throw bad('UnknownVersion', `Take a systemSoftwareVersion of "${view.key}": "${id}" is none of its versions`);
  }
  return release?.version;
}

/** Ids are the same in capitals and in small letters. */
function demandDistinct(ids: readonly string[]): void {
  if (new Set(ids.map((id) => id.toLowerCase())).size < ids.length) {
    throw bad('Invalid', 'Name each system software once in systemSoftware: one of them is there more than once');
  }
}

/** The wishes of a new installation. */
export function softwareWishes(caches: Caches, { systemSoftware = {} }: Pick<PatchRequest, 'systemSoftware'>): Wish[] {
  demandDistinct(Object.keys(systemSoftware));
  return Object.entries(systemSoftware).flatMap(([id, asked]) => {
    const view = findSoftware(caches, id);
    if (!view) {
      throw unknownSoftware(id);
    }
    if (asked === null) {
      return [];
    }
    const version = findVersionOf(view, asked.systemSoftwareVersion);
    const policy = asked.updatePolicy === 'inheritedFromApp' ? 'inherit' : asked.updatePolicy;
    return [{ name: view.key, ...(version !== undefined && { version }), ...(policy && { updatePolicy: policy }) }];
  });
}

function unknownSoftware(id: string): RestProblem {
  return bad(
    'UnknownSoftware',
    `Take the id of a system software instead of "${id}": GET /v2/system-softwares lists them`,
  );
}
