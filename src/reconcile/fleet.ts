import { Turns } from './turns.ts';

/**
 * The places for rollouts that nobody asked for, in the whole fleet: only so many are under way at once, so that a bad
 * release reaches few before it is known to be bad. A place is taken by a rollout that the cache shows, and by one that was
 * decided and is not in the cache yet.
 */
export interface Fleet {
  /** Whether this installation may begin a rollout now without taking the turn of one that waits, or has begun one. */
  readonly mayBegin: (key: string) => boolean;
  /** Its rollout was decided and is about to be written: it leaves the line. */
  readonly reservePlace: (key: string) => void;
  /** Its rollout was written, so that the cache shows it, or came to nothing: its place is not reserved any more. */
  readonly endReservation: (key: string) => void;
  /** It waits for its turn, and is woken up when that comes. */
  readonly joinLine: (key: string) => void;
  /** It does not wait, or not any more: its turn is the next one's. */
  readonly leaveLine: (key: string) => void;
  /** The caches show whether its rollout is under way. */
  readonly countUnderWay: (key: string, isUnderWay: boolean) => void;
}

/** `wake` is called with each installation that may begin next. */
export function createFleet(most: number, wake: (key: string) => void): Fleet {
  const underWay = new Set<string>();
  const reserved = new Set<string>();
  const turns = new Turns();

  function holdsPlace(key: string): boolean {
    return underWay.has(key) || reserved.has(key);
  }

  function countFree(): number {
    return most - underWay.size - [...reserved].filter((key) => !underWay.has(key)).length;
  }

  /**
   * An installation that is woken up stays in the line until it has begun or left: a turn is never lost. One that has a
   * place and waits, because another began meanwhile, goes on with its own.
   */
  function wakeNext(): void {
    const free = countFree();
    if (free === 0) {
      [...underWay].filter((key) => turns.has(key)).forEach(wake);
    }
    turns.first(free).forEach(wake);
  }

  return {
    // Its own place is free for itself.
    mayBegin: (key) => (holdsPlace(key) ? countFree() + 1 > 0 : countFree() > turns.countBefore(key)),
    reservePlace(key) {
      turns.leave(key);
      reserved.add(key);
    },
    endReservation(key) {
      if (reserved.delete(key)) {
        wakeNext();
      }
    },
    joinLine: (key) => turns.join(key),
    leaveLine(key) {
      if (turns.leave(key)) {
        wakeNext();
      }
    },
    countUnderWay(key, isUnderWay) {
      if (isUnderWay) {
        underWay.add(key);
      } else if (underWay.delete(key)) {
        wakeNext();
      }
    },
  };
}
