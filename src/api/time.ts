/** RFC 3339 in whole seconds, the form of `metav1.Time`, so that a round trip through the apiserver changes nothing. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch; NaN for what is no time. */
export function epoch(time: string): number {
  return Date.parse(time);
}
