import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'scenario', include: ['test/scenario/**/*.test.ts'] } },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/control-plane/vitest-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Two cores carry one control plane and one operator at a time.
          maxWorkers: 1,
        },
      },
    ],
  },
});
