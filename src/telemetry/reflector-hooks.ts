import type { Logger } from 'pino';
import { ApiError } from '../cluster/errors.ts';
import type { ReflectorHooks } from '../controller/reflector.ts';
import { GROUP } from '../api/names.ts';
import type { Metrics } from './metrics.ts';

/** Counts what the watch of a resource goes through, and logs what somebody may have to do about it. */
export function reflectorHooks(
  resource: string,
  log: Logger,
  metrics: Metrics,
  onWatchingChange: () => void,
): ReflectorHooks {
  return {
    onSync(items, by) {
      metrics.onSync(resource, by);
      log.debug({ resource, items, by }, 'Synced');
    },
    onFallback: (error) =>
      log.info({ resource, error: messageOf(error) }, 'No stream of all objects; listing them instead'),
    onWatching(isWatching) {
      if (isWatching) {
        metrics.onWatch(resource);
      }
      onWatchingChange();
    },
    onError(error, delayMs) {
      metrics.onReflectorError(resource);
      const hint = hintFor(error, resource);
      log.warn({ resource, error: messageOf(error), delayMs: Math.round(delayMs) }, hint);
    },
    onProjectionError: (error, key) =>
      log.error({ resource, key, error: messageOf(error) }, 'An object cannot be read'),
  };
}

/** Tells an operator's administrator what to do about a list or a watch that failed. */
function hintFor(error: unknown, resource: string): string {
  const status = error instanceof ApiError ? error.status : undefined;
  if (status === 404 && resource.endsWith(GROUP)) {
    return 'Install the CRDs: kubectl apply --server-side -k crds/';
  }
  return status === 403
    ? 'Grant what deploy/rbac.yaml says; Providers are cluster-wide, so they need a ClusterRole in any case'
    : 'Trying again after a while';
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
