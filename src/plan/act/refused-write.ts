import { firstOf } from '../../api/cut.ts';
import { obeyed } from '../failures/blame.ts';
import { addFailure, mayTryAgain, recordedFailures } from '../failures/failures.ts';
import { marking, type Marking } from './marks.ts';
import type { Observed } from '../state/observed.ts';
import { begunRecord, REFUSED } from '../state/record.ts';
import { readState } from '../state/state.ts';
import { formatSoftware, movedSince, parseSoftware } from '../software/set.ts';
import { isAutomatic } from '../state/trigger.ts';

const LONGEST_REFUSAL = 300;

/**
 * The mark of the rollout whose Deployment the API server has just refused, where nobody asked for it: what runs is none the
 * worse for it, so it is left alone for a while like any other failure. Undefined where somebody asked for it, and where no
 * rollout begins: then the status says so, and it is tried again as it is.
 */
export function markRefused(observed: Observed, message: string, now: number): Marking | undefined {
  const state = readState(observed, now);
  const { stableSoftware, stable, head } = state;
  const record = begunRecord(state);
  if (!record) {
    return undefined;
  }
  const { version, image, trigger, wish, committed } = record;
  const moved =
    trigger === 'SystemSoftware'
      ? formatSoftware(movedSince(stableSoftware, parseSoftware(committed.software)))
      : undefined;
  const known = recordedFailures(state);
  // Where nothing ran well before there is nothing to keep instead, and it is tried in spite of what is known of it.
  const isKnown = known.some((f) => f.wish === wish && !mayTryAgain(f, observed.retries, now));
  // An edit in the midst of what automation chose: somebody asked for that, and what is under way goes on.
  const isEdit = trigger === 'Policy' && head?.version === version;
  if (!isAutomatic(trigger) || isEdit || (trigger === 'Tier' && (isKnown || !stable))) {
    return undefined;
  }
  const failure = {
    version,
    image,
    reason: REFUSED,
    message: firstOf(message, LONGEST_REFUSAL),
    expires: 'later' as const,
    ...(trigger === 'Tier' && { wish }),
    ...(moved !== undefined && { software: moved }),
    ...obeyed(observed, record),
  };
  const marked = addFailure(known, failure, now)[0];
  return marked && marking(observed.installation, record, { ...record.mark, failure: marked });
}
