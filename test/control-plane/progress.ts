/** Tells the person at the terminal what is going on, one line at a time. */
export type Say = (line: string) => void;

/** Returns the time since then in words: 95 seconds are `1 min 35 s`. */
export function elapsed(sinceMs: number): string {
  const seconds = Math.round((Date.now() - sinceMs) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
