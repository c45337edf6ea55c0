import { randomUUID } from 'node:crypto';
import { ApiError } from '../cluster/errors.ts';
import { patched, type JsonObject } from '../cluster/merge-patch.ts';
import { firstIssue } from '../api/field.ts';
import { InstallationSpec } from '../api/installation.ts';
import { ANNOTATION } from '../api/names.ts';
import { withoutNulls } from '../api/nulls.ts';
import type { Problem } from '../api/problem.ts';
import { outcomeOf, type Outcome } from '../plan/ask/outcome.ts';
import { prospectOf } from '../plan/ask/prospect.ts';
import type { Observed } from '../plan/state/observed.ts';
import { INSTALLATIONS } from '../reconcile/resources.ts';
import type { Access } from './access.ts';
import { boundTo, judgeRequest, rememberRequest, type KeyedRequest } from './idempotency.ts';
import { makeSecret, type SecretInputs } from './secret-inputs.ts';
import { liveOf, type Live, type Look, type RawInstallation } from './installations.ts';
import { demandNoKeeper } from './keeper.ts';
import { keeperOf, keeperOfAny } from './ownership.ts';
import { problemOf, refused, RestProblem } from './problem.ts';

/** What a request makes of an installation. */
export interface Change {
  /** A merge patch (RFC 7386) of the spec. */
  readonly spec?: JsonObject;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Written before the installation, which refers to it. */
  readonly secret?: SecretInputs | undefined;
}

/** What came with a request besides its body. */
export interface Terms {
  readonly dryRun: boolean;
  readonly force: boolean;
  /** The header If-Match. */
  readonly ifMatch: string | undefined;
  readonly keyed: KeyedRequest | undefined;
}

export interface Changed {
  readonly live: Live;
  /** Of a dry run. */
  readonly outcome?: Outcome;
  /** The request was made before: nothing was done again. */
  readonly isReplay: boolean;
}

export interface ChangePorts {
  readonly access: Access;
  readonly observe: (live: Live) => Observed;
  /** Shows the caches what was written. */
  readonly offer: (live: Live) => void;
  readonly now: () => number;
}

/** Each time somebody else wrote in between what does not matter, such as its status. */
const MOST_TRIES = 10;

/**
 * Changes an installation in one atomic write: it is merged into the very version that was judged. Where its spec was changed
 * since, the request is refused; where only its status was, it is judged anew.
 */
export async function change(
  { access, observe, offer, now }: ChangePorts,
  look: Look,
  find: () => Promise<Live>,
  terms: Terms,
  decide: (observed: Observed, live: Live) => Change | Problem | Promise<Change | Problem>,
): Promise<Changed> {
  let first: Live | undefined;
  for (let tries = 1; ; tries += 1) {
    const live = await find();
    const { annotations = {} } = live.raw.metadata;
    const keyed = terms.keyed && boundTo(live.view.uid, terms.keyed);
    // Not bound it is of the request that created it.
    if (isReplay(annotations[ANNOTATION.requests], terms.keyed) || isReplay(annotations[ANNOTATION.requests], keyed)) {
      return { live, isReplay: true };
    }
    demandMatch(terms.ifMatch, live);
    if (first && etagOf(first) !== etagOf(live)) {
      throw lostRace();
    }
    first = live;
    const observed = observe(live);
    const decided = await decide(observed, live);
    if ('kind' in decided) {
      throw refused(decided);
    }
    const patch = patchFor(live, decided, keyed);
    if (!patch) {
      return { live, isReplay: false, ...(terms.dryRun && { outcome: outcomeAt(observed, undefined, now()) }) };
    }
    const spec = patched(live.raw.spec ?? {}, patch['spec']) as JsonObject;
    const valid = validated(spec);
    await demandNoKeeper(access, look, live, keeperOf(live.raw.metadata, live.raw.spec ?? {}, spec), terms.force);
    const secret = decided.secret && (await makeSecret(look, live.view, decided.secret, terms));
    try {
      const raw = await look.cluster.patch<RawInstallation>(INSTALLATIONS, live.raw.metadata, patch, terms);
      const after = liveOf(raw);
      if (terms.dryRun) {
        return { live: after, isReplay: false, outcome: outcomeAt(observed, valid, now()) };
      }
      offer(after);
      return { live: after, isReplay: false };
    } catch (error) {
      await secret?.undo(error);
      if (!isConflict(error) || tries >= MOST_TRIES) {
        throw problemOf(error);
      }
    }
  }
}

/** Deletes an installation; its children go with it. What If-Match was compared with is what is deleted. */
export async function remove(
  { access }: ChangePorts,
  look: Look,
  find: () => Promise<Live>,
  terms: Terms,
): Promise<Live> {
  let first: Live | undefined;
  for (let tries = 1; ; tries += 1) {
    const live = await find();
    // What was asked to be deleted is gone, and another of its name came.
    if (first && first.view.uid !== live.view.uid) {
      return first;
    }
    first = live;
    demandMatch(terms.ifMatch, live);
    await demandNoKeeper(access, look, live, keeperOfAny(live.raw.metadata), terms.force);
    const { resourceVersion, ...seen } = live.raw.metadata;
    const isBound = terms.ifMatch !== undefined;
    try {
      await look.cluster.remove(INSTALLATIONS, { ...seen, ...(isBound && { resourceVersion }) }, terms);
      return live;
    } catch (error) {
      if (!isConflict(error) || tries >= MOST_TRIES) {
        throw problemOf(error);
      }
    }
  }
}

/** Changes with its spec, and with nothing else. */
export function etagOf({ raw: { metadata } }: Live): string {
  return `"${metadata.uid}/${metadata.generation ?? 0}"`;
}

/** A value for an annotation that is new each time. */
export function newId(): string {
  return randomUUID();
}

function demandMatch(ifMatch: string | undefined, live: Live): void {
  // Proxies make a tag weak when they pack the answer.
  const tags = ifMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (tags && !tags.includes('*') && !tags.includes(etagOf(live))) {
    throw new RestProblem(
      412,
      'PreconditionFailed',
      'Read the installation again and decide anew: it was changed since it had the tag in If-Match',
    );
  }
}

/** Whether the request was made before; one with the same key and another content is refused. */
export function isReplay(annotation: string | undefined, keyed: KeyedRequest | undefined): boolean {
  const judged = judgeRequest(annotation, keyed);
  if (judged === 'other') {
    throw new RestProblem(422, 'KeyReused', 'Take a new Idempotency-Key: this one was used for another request');
  }
  return judged === 'again';
}

/** Undefined where nothing is to be written. */
function patchFor(
  { raw }: Live,
  { spec = {}, annotations }: Change,
  keyed: KeyedRequest | undefined,
): JsonObject | undefined {
  const before = raw.spec ?? {};
  const isChanged = JSON.stringify(patched(before, spec)) !== JSON.stringify(before);
  const requests = raw.metadata.annotations?.[ANNOTATION.requests];
  const marks = { ...annotations, ...(keyed && { [ANNOTATION.requests]: rememberRequest(requests, keyed) }) };
  const isMarked = Object.keys(marks).length > 0;
  return isChanged || isMarked
    ? { ...(isChanged && { spec }), ...(isMarked && { metadata: { annotations: marks } }) }
    : undefined;
}

/** The spec as the operator will read it. The schema of the API server would refuse it too, and say so with more words. */
function validated(spec: JsonObject): InstallationSpec {
  const { data, error } = InstallationSpec.safeParse(withoutNulls(spec));
  if (!data) {
    throw new RestProblem(422, 'Invalid', `Correct ${firstIssue(error, 'spec')}`);
  }
  return data;
}

function outcomeAt(observed: Observed, spec: InstallationSpec | undefined, now: number): Outcome {
  const before = prospectOf(observed, now);
  const { installation } = observed;
  const next = { ...installation, generation: installation.generation + 1, spec: spec ?? installation.spec };
  return outcomeOf(before, spec ? prospectOf({ ...observed, installation: next }, now) : before);
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === 'Conflict';
}

function lostRace(): RestProblem {
  return new RestProblem(
    409,
    'Conflict',
    'Read the installation again and decide anew: somebody changed it in the same moment',
  );
}
