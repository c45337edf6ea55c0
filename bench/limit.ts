/** Runs a job as soon as fewer jobs than the limit are under way. Jobs start in the order in which they were given. */
export type Limited = <Result>(job: () => Promise<Result>) => Promise<Result>;

export function limit(atOnce: number): Limited {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (job) => {
    if (running >= atOnce) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await job();
    } finally {
      // The place of a finished job goes to the next one in line, so that nobody overtakes.
      const next = waiting.shift();
      if (next) {
        next();
      } else {
        running -= 1;
      }
    }
  };
}
