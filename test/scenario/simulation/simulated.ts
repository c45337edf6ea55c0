import { OperatorConfig } from '../../../src/api/operator-config.ts';

/** Has deadlines that end before a simulation counts as at rest, and no room for two automatic rollouts. */
export const SIMULATED = OperatorConfig.parse({
  defaults: { progressDeadlineSeconds: 120 },
  maxConcurrentUpgrades: 1,
});
