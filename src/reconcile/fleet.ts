import { hash } from '../api/hash.ts';

/**
 * How many rollouts that nobody asked for are under way in the whole fleet, so that a bad release reaches few before it is
 * known to be bad. Counted from what the cache shows, and from what was decided and is not in the cache yet.
 */
export interface Fleet {
  /** Whether this installation may begin one now and takes nobody's turn who waits, or has begun. */
  readonly mayBegin: (key: string) => boolean;
  /** It is about to begin. */
  readonly reserve: (key: string) => void;
  /** The cache shows what began, or it came to nothing: no place is reserved for it any more. */
  readonly settle: (key: string) => void;
  /** It waits for its turn, and is woken up when it comes. */
  readonly wait: (key: string) => void;
  /** It does not wait, or not any more: its turn is the next one's. */
  readonly pass: (key: string) => void;
  /** Whether its rollout is under way, as the caches show. */
  readonly seen: (key: string, isUnderWay: boolean) => void;
}

/** `wake` is called with who may begin next. */
export function createFleet(most: number, wake: (key: string) => void): Fleet {
  const underWay = new Set<string>();
  const reserved = new Set<string>();
  /** Who waits, in turn; and the turns by who. */
  const line: Waiting[] = [];
  const turns = new Map<string, string>();

  function free(): number {
    return most - underWay.size - [...reserved].filter((key) => !underWay.has(key)).length;
  }

  /** Those who wait and whose turn is earlier. */
  function countBefore(key: string): number {
    return line.length === 0 ? 0 : positionOf(turns.get(key) ?? hash(key), line);
  }

  /**
   * Who is woken up stays in the line until it has begun or passed: a turn is never lost. Who holds a place and waits, since
   * another began meanwhile, goes on with it.
   */
  function wakeNext(): void {
    if (free() === 0) {
      [...underWay].filter((key) => turns.has(key)).forEach(wake);
    }
    line.slice(0, Math.max(0, free())).forEach(({ key }) => wake(key));
  }

  function leave(key: string): boolean {
    const turn = turns.get(key);
    if (turn === undefined) {
      return false;
    }
    turns.delete(key);
    line.splice(positionOf(turn, line), 1);
    return true;
  }

  function settle(key: string): void {
    if (reserved.delete(key)) {
      wakeNext();
    }
  }

  return {
    // Its own place is free for itself.
    mayBegin: (key) => (underWay.has(key) || reserved.has(key) ? free() + 1 > 0 : free() > countBefore(key)),
    reserve(key) {
      leave(key);
      reserved.add(key);
    },
    settle,
    wait(key) {
      if (!turns.has(key)) {
        const turn = hash(key);
        turns.set(key, turn);
        line.splice(positionOf(turn, line), 0, { key, turn });
      }
    },
    pass(key) {
      if (leave(key)) {
        wakeNext();
      }
    },
    seen(key, isUnderWay) {
      if (isUnderWay) {
        underWay.add(key);
      } else if (underWay.delete(key)) {
        wakeNext();
      }
    },
  };
}

interface Waiting {
  readonly key: string;
  readonly turn: string;
}

/** The first index whose turn is not earlier. */
function positionOf(turn: string, line: readonly Waiting[]): number {
  let [from, to] = [0, line.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((line[middle]?.turn ?? '') < turn) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

/** In the order of their hashes: the same after each restart, and no name's favour. */
export function inTurn(keys: readonly string[]): string[] {
  const turns = keys.map((key) => ({ key, turn: hash(key) }));
  return turns.sort((a, b) => (a.turn < b.turn ? -1 : 1)).map(({ key }) => key);
}
