import type { InstallationSpec } from '../../api/installation.ts';
import { MOST_ROUNDS, type OperatorConfig } from '../../api/operator-config.ts';

/** How a rollout is judged. */
export interface RollbackSettings {
  readonly enabled: boolean;
  readonly deadlineSeconds: number;
  /** How long a new pod must be ready before it counts. */
  readonly stableSeconds: number;
}

/**
 * The defaults are applied here and not by the schema, so that a new default is no change of anybody's spec. What the spec
 * leaves to the platform fits what it says: a rollout that cannot be done in time would always be taken back.
 */
export function rollbackSettings({ upgrade }: InstallationSpec, { defaults }: OperatorConfig): RollbackSettings {
  const { enabled = true, progressDeadlineSeconds: deadline, stableSeconds: stable } = upgrade?.rollback ?? {};
  const stableSeconds = stable ?? defaults.stableSeconds;
  if (deadline === undefined) {
    // The platform's deadline has room for the platform's stableSeconds: the pods are to start as fast as ever.
    const longer = MOST_ROUNDS * Math.max(0, stableSeconds - defaults.stableSeconds);
    return { enabled, deadlineSeconds: defaults.progressDeadlineSeconds + longer, stableSeconds };
  }
  const most = Math.floor(deadline / (MOST_ROUNDS + 1));
  return { enabled, deadlineSeconds: deadline, stableSeconds: stable ?? Math.min(stableSeconds, most) };
}
