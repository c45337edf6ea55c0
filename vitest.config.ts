import { defineConfig } from 'vitest/config';

/**
 * When a test or a hook is given up, only so that one that hangs ends. Nothing is judged by it: on a busy machine all takes
 * several times as long. It is more than one wait may last (`PATIENCE_MS`), so that what is said is what was waited for.
 */
const QUICK_MS = 120_000;
const SLOW_MS = 900_000;

/** They need no cluster: as many at once as there are cores, and before what needs the machine for itself. */
const QUICK = { maxWorkers: 2, isolate: false, testTimeout: QUICK_MS, sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...QUICK } },
      { test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], ...QUICK } },
      {
        // What the Helm chart renders; needs Helm, which the first test builds.
        test: { name: 'chart', include: ['test/chart/**/*.test.ts'], ...QUICK },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/control-plane/vitest-setup.ts'],
          testTimeout: SLOW_MS,
          hookTimeout: SLOW_MS,
          // Two cores carry one control plane and one operator at a time.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // What Argo CD, Flux and Prometheus make of it: by their own programs, which the first test builds.
          name: 'gitops',
          include: ['test/{gitops,observability}/**/*.test.ts'],
          testTimeout: QUICK_MS,
          hookTimeout: 900_000,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // On a real node, which `npm run e2e` makes; never part of `npm test`.
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/vitest-setup.ts'],
          testTimeout: SLOW_MS,
          hookTimeout: SLOW_MS,
          maxWorkers: 1,
          // Most of the time each waits for its pods.
          maxConcurrency: 16,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
