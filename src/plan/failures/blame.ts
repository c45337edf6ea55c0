import type { Release } from '../../api/provider.ts';
import type { Trigger } from '../../api/record.ts';
import { findRelease } from '../catalogue/catalogue.ts';
import { wishAgain } from '../pods/inputs.ts';
import { UNKNOWN_INPUTS } from '../state/committed.ts';
import type { Answers } from '../pods/answers.ts';
import type { Configuration } from '../pods/environment.ts';
import type { NewFailure } from './failures.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import type { SoftwareFinder } from '../software/finder.ts';
import { formatSoftware, isSameSet, movedSince } from '../software/set.ts';
import type { State } from '../state/state.ts';
import { wishesOf } from '../pods/wish.ts';

/** The present wish of the spec, as far as it can be read. */
export interface Asked {
  readonly configuration: Configuration;
  readonly answers: Answers;
  readonly finder: SoftwareFinder;
}

/**
 * The failure of a rollout that was no way back and had not been done before, and who is to blame. Undefined where it is
 * marked already.
 *
 * If automation chose the version, the version is to blame, so that the rest of the spec may roll out alone after it. If the
 * spec asked for it, the spec as a whole is to blame: also where it asks by now, in whatever words, for the very pods that failed.
 */
export function failureOf(observed: Observed, state: State, asked: Asked | undefined): NewFailure | undefined {
  const { head, stands, rollout, done, stable, stableSoftware, software } = state;
  if (!head || !stands || rollout?.phase !== 'failed' || done !== 'never' || head.mark.failure) {
    return undefined;
  }
  const wish = blamedWish(observed, state, head, asked);
  // Where the release is the one that ran well, what it runs on may be to blame: automation leaves that alone, too.
  const moved = head.version === stable?.version ? formatSoftware(movedSince(stableSoftware, software)) : undefined;
  return {
    version: head.version,
    image: head.image,
    reason: rollout.reason,
    message: rollout.message,
    // Where nobody knows the inputs, the failure says nothing against the release.
    expires: head.committed.wish === UNKNOWN_INPUTS.wish ? 'at once' : rollout.expires,
    ...(wish !== undefined && { wish }),
    ...(moved !== undefined && { software: moved }),
    ...obeyed(observed, head),
  };
}

/** The values of `…/retry` that did not help; the one of a Provider that is gone is the one that was there at the beginning. */
export function obeyed({ retries }: Pick<Observed, 'retries'>, record: RolloutRecord): Pick<NewFailure, 'retries'> {
  const ofProvider = (value: string) => value.startsWith('Provider ');
  const known = retries.some(ofProvider) ? retries : [...retries, ...record.retries.filter(ofProvider)];
  return known.length > 0 ? { retries: [...known] } : {};
}

/** The wish that is held by a failure: the present one of the spec, the recorded one, or none, so that only the version is. */
type Blamed = 'spec' | 'record' | 'nobody';

/** Who is to blame, by what began the rollout: where the spec asks by now for the very pods that failed, and where not. */
const BLAMED: Readonly<Record<Trigger, { readonly asked: Blamed; readonly unasked: Blamed }>> = {
  Install: { asked: 'spec', unasked: 'record' },
  Spec: { asked: 'spec', unasked: 'record' },
  Policy: { asked: 'spec', unasked: 'nobody' },
  SystemSoftware: { asked: 'spec', unasked: 'nobody' },
  Tier: { asked: 'record', unasked: 'record' },
};

function blamedWish(
  observed: Observed,
  state: State,
  record: RolloutRecord,
  asked: Asked | undefined,
): string | undefined {
  const { asked: ifAsked, unasked } = BLAMED[record.trigger];
  const blamed = asked && asksFor(observed, state, record, asked) ? ifAsked : unasked;
  switch (blamed) {
    case 'spec':
      return asked && wishesOf(observed, asked.configuration, state.restart).spec;
    case 'record':
      return record.wish;
    case 'nobody':
      return undefined;
  }
}

/** Whether the spec asks by now for what a record has. A version that automation chose must be named. */
function asksFor({ installation, catalogue }: Observed, state: State, record: RolloutRecord, asked: Asked): boolean {
  const { trigger, committed, version } = record;
  const { version: named, upgradePolicy } = installation.spec;
  const isVersionAsked =
    named === version || (trigger !== 'Policy' && (named === undefined || upgradePolicy === 'auto'));
  return (
    isVersionAsked &&
    committed.wish === wishAgain(installation, version, asked, record) &&
    isSoftwareWished(findRelease(catalogue, version), state, trigger, asked)
  );
}

/** Where the release is not known any more, nobody asked for what moved by itself. */
function isSoftwareWished(
  release: Release | undefined,
  { software }: State,
  trigger: RolloutRecord['trigger'],
  { finder }: Asked,
): boolean {
  const wished = release && finder.resolve(release);
  return wished === undefined
    ? trigger !== 'SystemSoftware'
    : wished.kind === 'resolution' && isSameSet(wished.set, software);
}
