import { findCondition } from '../../api/conditions.ts';
import type { InstallationStatus } from '../../api/installation.ts';
import type { Action } from '../act/action.ts';
import type { Observed } from '../state/observed.ts';

/**
 * Whether a planned status is untrue once its writes are made: it says Ready, and the write of the Deployment made a new
 * generation of it. Then somebody changed it after it was observed, the write undid that, and its pods are replaced again.
 */
export function isOvertaken(
  { deployment }: Pick<Observed, 'deployment'>,
  { status, writes }: { readonly status: InstallationStatus; readonly writes: readonly Action[] },
  writtenGeneration: number | undefined,
): boolean {
  const isReady = findCondition(status.conditions, 'Ready')?.status === 'True';
  const isWritten = writes.some(({ child }) => child === 'Deployment');
  return isReady && isWritten && writtenGeneration !== deployment?.generation;
}
