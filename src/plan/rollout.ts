import type { DeploymentView } from './observed.ts';

/** What a Deployment's status says about the template that it has now. */
export type Rollout =
  | { readonly phase: 'progressing' }
  /** Every pod is of the newest template, no old one is left, and all are available. */
  | { readonly phase: 'done' }
  /** It was done, and pods have become unavailable since. */
  | { readonly phase: 'degraded' }
  /** Somebody paused the Deployment, so that it takes no new template. */
  | { readonly phase: 'paused' }
  /** Past its deadline without progress. */
  | { readonly phase: 'failed'; readonly message: string };

/** The questions of `kubectl rollout status` (kubectl/pkg/polymorphichelpers/rollout_status.go). */
export function readRollout(d: DeploymentView): Rollout {
  if (d.observedGeneration < d.generation) {
    return { phase: 'progressing' };
  }
  if (d.progress === 'ProgressDeadlineExceeded') {
    const cause = d.failure === undefined ? '' : ` (${d.failure})`;
    return {
      phase: 'failed',
      message: `the new pods did not become available in time${cause}`,
    };
  }
  if (d.total > d.updated) {
    return { phase: d.paused ? 'paused' : 'progressing' };
  }
  // Against what is asked for and not against what there is: pods too many, after a scale-down, harm nobody.
  if (d.updated >= d.replicas && d.available >= d.replicas) {
    return { phase: 'done' };
  }
  // The Deployment controller keeps this reason once a template has been rolled out.
  return d.progress === 'NewReplicaSetAvailable' ? { phase: 'degraded' } : { phase: 'progressing' };
}
