import type { InstallationSpec } from '../api/installation.ts';
import type { OperatorConfig } from '../api/operator-config.ts';

/** How a rollout is judged. */
export interface RollbackSettings {
  readonly enabled: boolean;
  readonly deadlineSeconds: number;
  /** How long a new pod must be ready before it counts. */
  readonly stableSeconds: number;
}

/** The defaults are applied here and not by the schema, so that a new default is no change of anybody's spec. */
export function rollbackSettings({ upgrade }: InstallationSpec, { defaults }: OperatorConfig): RollbackSettings {
  const { enabled = true, ...own } = upgrade?.rollback ?? {};
  const deadlineSeconds = own.progressDeadlineSeconds ?? defaults.progressDeadlineSeconds;
  const stableSeconds = own.stableSeconds ?? defaults.stableSeconds;
  // The API server refuses a deadline that is not longer.
  return { enabled, deadlineSeconds, stableSeconds: Math.min(stableSeconds, deadlineSeconds - 1) };
}
