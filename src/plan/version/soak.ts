import { durationMs } from '../../api/duration.ts';
import type { Release } from '../../api/provider.ts';
import { epoch } from '../../api/time.ts';
import type { VersionInput } from './version-input.ts';

/** How long a release is still too young for automation. */
export interface Soak {
  readonly isOver: boolean;
  /** Milliseconds since the epoch; not known before the release was seen. */
  readonly until: number | undefined;
}

const OVER: Soak = { isOver: true, until: undefined };

/** The age counts from when it was published or seen first, whichever is later: a date is quickly written. */
export function soakOf({ version, releasedAt }: Release, { spec, firstSeen, now }: VersionInput): Soak {
  const least = durationMs(spec.upgrade?.minReleaseAge ?? '0m');
  if (!(least > 0)) {
    return OVER;
  }
  const seen = firstSeen?.[version];
  if (seen === undefined) {
    return { isOver: false, until: undefined };
  }
  const until = Math.max(epoch(seen), releasedAt === undefined ? 0 : epoch(releasedAt)) + least;
  return until <= now ? OVER : { isOver: false, until };
}
