import { defineConfig } from 'vitest/config';

/** They need no cluster: as many at once as there are cores, and before what needs the machine for itself. */
const QUICK = { maxWorkers: 2, isolate: false, testTimeout: 30_000, sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], ...QUICK } },
      { test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'], ...QUICK } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/control-plane/vitest-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Two cores carry one control plane and one operator at a time.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
