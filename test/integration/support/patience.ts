/**
 * When a wait is given up, so that a hang ends with a word of what was waited for. Nothing is judged by it: what comes,
 * comes in a fraction of it, and on a busy machine in several times that. How fast things are is for `npm run bench`.
 */
export const PATIENCE_MS = 240_000;

/** The same for kubectl and Helm. */
export const PATIENTLY = `--timeout=${PATIENCE_MS / 1000}s`;
