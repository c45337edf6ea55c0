import { renameSync, writeFileSync } from 'node:fs';

/**
 * Loaded into the operator with `node --expose-gc --import`. At SIGUSR2 it collects all garbage and writes how much is
 * left into the file that HEAP_PROBE names: the operator itself knows nothing of it. JavaScript, because to strip types
 * Node loads a compiler, which would be measured too.
 */
const file = process.env['HEAP_PROBE'] ?? '';

process.on('SIGUSR2', () => {
  // The second takes what finalizers have let go of.
  globalThis.gc?.();
  globalThis.gc?.();
  writeFileSync(`${file}.partial`, JSON.stringify(process.memoryUsage()));
  // Who waits for the file must not see half of it.
  renameSync(`${file}.partial`, file);
});
