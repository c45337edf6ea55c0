import semver from 'semver';
import { patched, type JsonObject } from '../../cluster/merge-patch.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Problem } from '../../api/problem.ts';
import { askUpgrade, withSpec } from '../../plan/ask/ask.ts';
import { prospectOf, refusalOf } from '../../plan/ask/prospect.ts';
import { findRelease } from '../../plan/catalogue/catalogue.ts';
import type { Observed } from '../../plan/state/observed.ts';
import { providerKey, type Caches } from '../../reconcile/caches.ts';
import { newId, type Change } from '../change.ts';
import type { Live } from '../installations.ts';
import { newSecretName, withSecret } from '../secret-inputs.ts';
import { acceptedVersion } from '../v1/installation.ts';
import { policyOf } from './app-installation.ts';
import { bad } from './bad.ts';
import { findVersion } from './find.ts';
import { appVersionId } from './ids.ts';
import { answerFields, inputsIn } from './inputs.ts';
import type { PatchRequest, Policy } from './shapes.ts';
import { softwareFields } from './software-wishes.ts';

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
  const inputs = inputsIn(observed, request, target, asking);
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

/** Undefined where the request names none, or repeats the one that GET reports as desired. */
function versionIn({ caches, observed, live }: Situation, { appVersionId: id }: PatchRequest): string | undefined {
  const { provider } = observed.installation.spec;
  if (id === undefined || id === null || id.toLowerCase() === appVersionId(provider, acceptedVersion(live.view))) {
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

/** GET reports none as an empty one. */
function descriptionField({ view: { spec } }: Live, { description }: PatchRequest): JsonObject {
  return description === undefined || description === (spec.description ?? '') ? {} : { description };
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

function merged({ installation: { spec } }: Observed, patch: JsonObject): object {
  return patched(spec, patch) as object;
}

function demand(refusal: Problem | undefined): void {
  if (refusal) {
    throw bad(refusal.reason, refusal.message);
  }
}
