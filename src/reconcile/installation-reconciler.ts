import { ApiError } from '../cluster/errors.ts';
import type { EventRecorder } from '../cluster/events.ts';
import { mergePatch } from '../cluster/merge-patch.ts';
import type { Writer } from '../cluster/write.ts';
import type { Clock } from '../controller/clock.ts';
import type { Outcome, Run } from '../controller/workers.ts';
import type { InstallationStatus } from '../api/installation.ts';
import { API_VERSION, FIELD_MANAGER, INSTALLATION_KIND } from '../api/names.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Action } from '../plan/actions.ts';
import { eventOfHeal, eventsBetween, type EventDraft } from '../plan/events.ts';
import { statusAfterFailure } from '../plan/failure.ts';
import { countHeal } from '../plan/heal.ts';
import type { ChildKind, Heals, Installation } from '../plan/observed.ts';
import { plan } from '../plan/plan.ts';
import { problem, waitFor, type Problem } from '../plan/problem.ts';
import { act, Obstructed } from './act.ts';
import type { Caches } from './caches.ts';
import { observe } from './observe.ts';
import { projectChild, projectDeployment, projectInstallation, projectService, type Raw } from './project.ts';
import { INSTALLATIONS } from './resources.ts';

interface Log {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
}

export interface InstallationPorts {
  readonly caches: Caches;
  readonly writer: Writer;
  readonly events: EventRecorder;
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly log: Log;
}

/** observe → plan → act → report. The only awaits of a reconcile are here and in act. */
export function createInstallationReconciler({ caches, writer, events, config, clock, log }: InstallationPorts) {
  /** By key: what was healed of late under the present spec. Lost at a restart, which only makes the next heal come at once. */
  const heals = new Map<string, { readonly generation: number; readonly of: Partial<Record<ChildKind, Heals>> }>();

  return async function reconcile(key: string, { reconcileID, signal }: Run): Promise<Outcome> {
    const remembered = heals.get(key);
    if (remembered && remembered.generation !== caches.installations.get(key)?.generation) {
      heals.delete(key);
    }
    const observed = observe(caches, config, heals.get(key)?.of ?? {}, key);
    // Without a finalizer there is nothing to do on deletion: the children are garbage collected.
    if (!observed || observed.installation.deleting) {
      return {};
    }
    const { installation } = observed;
    const planned = plan(observed, clock.now());
    try {
      for (const action of planned.writes) {
        await act({ writer, offer, signal }, installation, action);
        remember(key, installation.generation, action);
        const healed = eventOfHeal(action);
        if (healed) {
          record(installation, healed);
        }
        log.debug({ reconcileID, installation: key, ...describe(action) }, 'Wrote a child');
      }
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error);
      if (failure) {
        await report(installation, statusAfterFailure(installation, planned.status, failure, clock.now()), reconcileID);
      }
      throw error;
    }
    signal.throwIfAborted();
    await report(installation, planned.status, reconcileID);
    return planned.requeueAfterMs === undefined ? {} : { requeueAfterMs: planned.requeueAfterMs };
  };

  async function report(seen: Installation, status: InstallationStatus, reconcileID: string): Promise<void> {
    const patch = mergePatch(seen.status, status);
    if (patch) {
      const stored = await writer.patchStatus<Raw>(INSTALLATIONS, seen, patch, { fieldManager: FIELD_MANAGER });
      if (!stored) {
        return;
      }
      caches.installations.offer(projectInstallation(stored));
      log.debug(
        { reconcileID, installation: `${seen.namespace}/${seen.name}`, fields: Object.keys(patch) },
        'Reported the status',
      );
    }
    for (const draft of eventsBetween(seen.status, status)) {
      record(seen, draft);
      log.info({ reconcileID, installation: `${seen.namespace}/${seen.name}`, reason: draft.reason }, draft.note);
    }
  }

  function record({ namespace, name, uid }: Installation, draft: EventDraft): void {
    events.record({ regarding: { apiVersion: API_VERSION, kind: INSTALLATION_KIND, namespace, name, uid }, ...draft });
  }

  function remember(key: string, generation: number, action: Action): void {
    if (action.kind === 'apply' && action.heals !== undefined) {
      const before = heals.get(key)?.of;
      const counted = countHeal(before?.[action.child], action.heals, clock.now());
      heals.set(key, { generation, of: { ...before, [action.child]: counted } });
    }
  }

  function offer(child: ChildKind, raw: Raw): void {
    switch (child) {
      case 'Deployment':
        caches.deployments.offer(projectDeployment(raw));
        break;
      case 'Service':
        caches.services.offer(projectService(raw));
        break;
      case 'PodDisruptionBudget':
        caches.budgets.offer(projectChild(raw));
        break;
    }
  }
}

/** What a refused write means to the user; undefined where it only came too early. */
function failureOf(error: unknown): Problem | undefined {
  if (error instanceof Obstructed) {
    return error.problem;
  }
  if (!(error instanceof ApiError) || error.retry === 'now') {
    return undefined;
  }
  return error.retry === 'never'
    ? problem('Rejected', `${error.message}; it is tried again every minute`)
    : waitFor('RetryingAfterError', error.message);
}

function describe(action: Action): object {
  return action.kind === 'remove'
    ? { child: action.child, write: 'remove' }
    : { child: action.child, write: action.heals === undefined ? 'apply' : 'heal', heals: action.heals };
}
