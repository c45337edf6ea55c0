/** Why a wish cannot be had. What runs goes on. */
export interface Problem {
  readonly kind: 'problem';
  /** CamelCase, the reason of `Ready` and of `Stalled` or `Reconciling`. */
  readonly reason: string;
  readonly message: string;
  /**
   * Whether it may solve itself: `none` stalls at once; `grace` waits a minute for what Git may still deliver;
   * `endless` waits for a controller that is at work.
   */
  readonly patience: 'none' | 'grace' | 'endless';
}

/** A problem that a person must solve. */
export function problem(reason: string, message: string): Problem {
  return { kind: 'problem', reason, message, patience: 'none' };
}

/** A problem that solves itself when what is missing arrives. */
export function notYet(reason: string, message: string): Problem {
  return { kind: 'problem', reason, message, patience: 'grace' };
}

/** A problem that solves itself when Kubernetes has done its part. */
export function waitFor(reason: string, message: string): Problem {
  return { kind: 'problem', reason, message, patience: 'endless' };
}
