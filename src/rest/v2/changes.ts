import semver from 'semver';
import { patched, type Json, type JsonObject } from '../../cluster/merge-patch.ts';
import { faultOf } from '../../api/input-schema.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Problem } from '../../api/problem.ts';
import type { Release } from '../../api/provider.ts';
import { isSecret } from '../../api/user-input.ts';
import { askUpgrade, withSpec } from '../../plan/ask/ask.ts';
import { prospectOf, refusalOf, type Prospect } from '../../plan/ask/prospect.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import { askedBy, type AskedInput } from '../../plan/pods/asked.ts';
import type { Observed } from '../../plan/state/observed.ts';
import { providerKey, type Caches } from '../../reconcile/caches.ts';
import { newId, type Change } from '../change.ts';
import type { Live } from '../installations.ts';
import { RestProblem } from '../problem.ts';
import { acceptedVersion } from '../v1/installation.ts';
import { newSecretName, withSecret } from '../secret-inputs.ts';
import { policyOf } from './app-installation.ts';
import { findSoftware, findSoftwareVersion, findVersion } from './find.ts';
import { appVersionId, softwareId, softwareVersionId } from './ids.ts';
import type { PatchRequest, Policy } from './shapes.ts';

/** A PATCH of the second seed, as a change of the spec. What cannot be had is refused with 400, as the seed says. */

export interface Situation {
  readonly caches: Caches;
  readonly observed: Observed;
  readonly live: Live;
  readonly now: number;
}

export function changeFor(situation: Situation, request: PatchRequest): Change {
  const { observed, live, now } = situation;
  const before = prospectOf(observed, now);
  const version = versionIn(situation, request);
  const target = findRelease(observed.catalogue, version ?? before.goal ?? versionAskedFor(live));
  const wishes = {
    ...policyFields(request.updatePolicy, live.view.spec),
    ...versionWithoutAutomation(live, request),
    ...softwareFields(situation, request, before, target),
  };
  const asking = prospectOf(withSpec(observed, merged(observed, wishes)), now);
  const inputs = inputsIn(situation, request, target, asking);
  const secret =
    inputs.secrets.size > 0
      ? { name: newSecretName(live.view.name), values: Object.fromEntries(inputs.secrets) }
      : undefined;
  const patch: JsonObject = {
    ...wishes,
    ...answerFields(live, inputs, secret?.name),
    ...descriptionField(live, request),
    ...(request.customDocumentRoot !== undefined && { documentRoot: request.customDocumentRoot }),
  };
  const next = withSecret(withSpec(observed, merged(observed, patch)), secret?.name);
  if (version === undefined) {
    demand(refusalOf(before, prospectOf(next, now)));
    return { spec: patch, secret };
  }
  const ask = askUpgrade(next, version, now);
  if (ask.kind === 'problem') {
    throw bad(ask.reason, ask.message);
  }
  return {
    spec: { ...patch, ...ask.spec },
    secret,
    ...(ask.retries && { annotations: { [ANNOTATION.retry]: newId() } }),
  };
}

/** Where nothing can be decided, such as after it failed. */
function versionAskedFor({ view }: Live): string {
  const { upgradePolicy, version } = view.spec;
  return upgradePolicy === 'manual' && version !== undefined ? version : acceptedVersion(view);
}

/** What was a floor for automation would become the version to run, though a newer one runs: that one stays. */
function versionWithoutAutomation({ view }: Live, { updatePolicy }: PatchRequest): JsonObject {
  const { upgradePolicy, version: floor } = view.spec;
  const accepted = acceptedVersion(view);
  const isPassed = floor !== undefined && semver.valid(accepted) !== null && semver.gt(accepted, floor);
  return upgradePolicy === 'auto' && updatePolicy === 'none' && isPassed ? { version: accepted } : {};
}

/** Undefined where the request names none, or the one that is there. */
function versionIn({ caches, observed }: Situation, { appVersionId: id }: PatchRequest): string | undefined {
  const { provider } = observed.installation.spec;
  if (id === undefined || id === null) {
    return undefined;
  }
  const { installedVersion = '' } = observed.installation.status;
  if (id.toLowerCase() === appVersionId(provider, installedVersion)) {
    return installedVersion;
  }
  const view = caches.providers.get(providerKey(provider));
  const release = view && findVersion(view, id);
  if (!release) {
    throw bad('UnknownVersion', `Take an appVersionId of "${provider}": this one is none of its versions`);
  }
  return release.version;
}

interface Inputs {
  /** Undefined: it is removed. */
  readonly given: ReadonlyMap<string, string | undefined>;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Which names may be given depends on the version that they are for. */
function inputsIn(
  { observed }: Situation,
  { userInputs = [] }: PatchRequest,
  target: Release | undefined,
  { outlook }: Prospect,
): Inputs {
  demandOnce(userInputs);
  const given = new Map<string, string | undefined>();
  const secrets = new Map<string, string>();
  const known = new Map((observed.installation.spec.userInputs ?? []).map((answer) => [answer.name, answer]));
  const asked = target ? askedOf(target, outlook) : new Map<string, AskedInput>();
  for (const { name, value } of userInputs) {
    const input = asked.get(name);
    if (value === null) {
      given.set(name, undefined);
      continue;
    }
    if (!input && !known.has(name)) {
      const names = [...asked.keys()].map((one) => `"${one}"`).join(', ') || 'nothing';
      throw bad(
        'UnknownUserInput',
        `Remove "${name}" from userInputs: ${target?.version ?? 'the version'} asks for ${names}`,
      );
    }
    // Nobody can tell where the release is not published any more: what was in a Secret stays in one.
    if (input ? isSecret(input) : known.get(name)?.valueFrom) {
      demandFit(input, value);
      secrets.set(name, value);
    } else {
      given.set(name, value);
    }
  }
  return { given, secrets };
}

/** Refuses a value of a secret input that breaks its rule: once it is in a Secret nobody can judge it. */
export function demandFit(input: AskedInput | undefined, value: string | null): void {
  const fault = input && value !== null && isSecret(input) ? faultOf({ ...input, secret: false }, value) : undefined;
  if (input && fault !== undefined) {
    throw bad('InvalidUserInput', `Correct "${input.name}" in userInputs: it ${fault}`);
  }
}

/** A name that is given twice has two values, and nobody knows which one is meant. */
export function demandOnce(answers: readonly { readonly name: string }[]): void {
  const twice = answers.find(({ name }, i) => answers.findIndex((one) => one.name === name) < i);
  if (twice) {
    throw bad('InvalidUserInput', `Give "${twice.name}" in userInputs once: it is there more than once`);
  }
}

/** With what the system software asks for that the release would get. */
export function askedOf(release: Release, outlook: Prospect['outlook']): ReadonlyMap<string, AskedInput> {
  const resolution = outlook?.input.software?.resolve(release);
  const uses = resolution?.kind === 'resolution' ? resolution.uses : [];
  return new Map(askedBy(release, uses).map((input) => [input.name, input]));
}

type Answer = { readonly [member: string]: Json } & { readonly name: string };

/** Merged by name, into the list as it is stored. */
function answerFields({ raw }: Live, { given, secrets }: Inputs, secret: string | undefined): JsonObject {
  const stored = (raw.spec?.['userInputs'] ?? []) as unknown as readonly Answer[];
  const answers = new Map(stored.map((answer) => [answer.name, answer]));
  for (const [name, value] of given) {
    if (value === undefined) {
      answers.delete(name);
    } else {
      answers.set(name, { name, value });
    }
  }
  for (const name of secrets.keys()) {
    answers.set(name, { name, valueFrom: { secretKeyRef: { name: secret ?? '', key: name } } });
  }
  return listField('userInputs', stored, [...answers.values()]);
}

/** GET reports none as an empty one. */
function descriptionField({ view: { spec } }: Live, { description }: PatchRequest): JsonObject {
  return description === undefined || description === (spec.description ?? '') ? {} : { description };
}

/** Nothing where it stays as it is; an empty list goes. */
function listField(name: string, stored: readonly Json[], next: readonly Json[]): JsonObject {
  const isSame = JSON.stringify(next) === JSON.stringify(stored);
  return isSame ? {} : { [name]: next.length === 0 ? null : next };
}

/** What GET reports is no change: automation within a minor version reads as `all`. */
export function policyFields(policy: Policy | undefined, spec: Parameters<typeof policyOf>[0] | undefined): JsonObject {
  if (policy === undefined || (spec && policyOf(spec) === policy)) {
    return {};
  }
  switch (policy) {
    case 'none':
      return { upgradePolicy: 'manual' };
    case 'patchLevel':
      return { upgradePolicy: 'auto', upgrade: { level: 'patch' } };
    case 'all':
      return { upgradePolicy: 'auto', upgrade: { level: 'major' } };
  }
}

type Wish = { readonly [member: string]: Json } & { readonly name: string };

function softwareFields(
  situation: Situation,
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
  { caches, live }: Situation,
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
  { caches, live }: Situation,
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

function merged({ installation: { spec } }: Observed, patch: JsonObject): object {
  return patched(spec, patch) as object;
}

function unknownSoftware(id: string): RestProblem {
  return bad(
    'UnknownSoftware',
    `Take the id of a system software instead of "${id}": GET /v2/system-softwares lists them`,
  );
}

function demand(refusal: Problem | undefined): void {
  if (refusal) {
    throw bad(refusal.reason, refusal.message);
  }
}

export function bad(type: string, detail: string): RestProblem {
  return new RestProblem(400, type, detail);
}
