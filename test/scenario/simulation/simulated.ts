import { OperatorConfig } from '../../../src/api/operator-config.ts';

/** Deadlines that are over before a simulation takes it for at rest; and no room for two automatic rollouts. */
export const SIMULATED = OperatorConfig.parse({
  defaults: { progressDeadlineSeconds: 120 },
  maxConcurrentUpgrades: 1,
});
