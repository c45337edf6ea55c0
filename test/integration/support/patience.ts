/**
 * How long a test waits before it gives up, so that a hang ends with an error that names what was missing. Tests judge
 * nothing by it: most waits take a fraction of it, and several times that on a busy machine. `npm run bench` measures
 * how fast things are.
 */
export const PATIENCE_MS = 240_000;

/** The same limit, as a flag for kubectl and Helm. */
export const PATIENTLY = `--timeout=${PATIENCE_MS / 1000}s`;
