import { ApiError, isOutOfQuota } from '../cluster/errors.ts';
import type { Clock } from '../controller/clock.ts';
import { objectKey } from '../controller/object-key.ts';
import type { Outcome, Run } from '../controller/workers.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Action } from '../plan/act/action.ts';
import { eventOfHeal } from '../plan/tell/events.ts';
import { countHeal } from '../plan/act/heal.ts';
import type { Child } from '../plan/pods/children.ts';
import type { ChildKind, ChildView, Heals, Observed } from '../plan/state/observed.ts';
import { plan, type Plan } from '../plan/plan.ts';
import { notYet, problem, waitFor, type Problem } from '../api/problem.ts';
import { isOvertaken } from '../plan/tell/overtaken.ts';
import { markRefused } from '../plan/act/refused-write.ts';
import { statusAfterFailure } from '../plan/tell/status-after-failure.ts';
import { act } from './act.ts';
import { Admissions } from './admissions.ts';
import { Appeared } from './appeared.ts';
import type { Caches } from './caches.ts';
import { isWatched, offerTo, withChild } from './child-views.ts';
import type { CountRollout } from './count-rollout.ts';
import type { Fleet } from './fleet.ts';
import { SecretRefused } from './generate-secret.ts';
import { observe } from './observe.ts';
import type { Raw } from './raw.ts';
import { createReporter, type ReportPorts } from './report.ts';
import { Unseen } from './unseen.ts';

/** As often as what was refused is tried again. */
const LOOK_AGAIN_MS = 60_000;
const MOST_LOOKS = 3;
const AT_ONCE: Outcome = { requeueAfterMs: 1 };

export interface InstallationPorts extends ReportPorts {
  readonly caches: Caches;
  readonly config: OperatorConfig;
  readonly generatedSecrets: boolean;
  readonly fleet: Fleet;
  readonly countRollout: CountRollout;
  /** Of the cluster; undefined while it is not known. */
  readonly kubernetesVersion: () => string | undefined;
  readonly clock: Clock;
}

/** observe → plan → act → report. The only awaits of a reconcile are here and in act. */
export function createInstallationReconciler(ports: InstallationPorts) {
  const { caches, writer, config, generatedSecrets, fleet, countRollout, kubernetesVersion, clock, log } = ports;
  const { report, record } = createReporter(ports);
  /** By key: what was healed of late under the present spec. Lost at a restart, which only makes the next heal come at once. */
  const heals = new Map<string, { readonly generation: number; readonly of: Partial<Record<ChildKind, Heals>> }>();
  /** By key: the generation of the Deployment as it was written last. Lost at a restart, which only waits for its controller. */
  const generations = new Map<string, number | undefined>();
  const admissions = new Admissions();
  const offerToCaches = offerTo(caches);
  const unseen = new Unseen({ caches, writer, offer: offerFound });

  function offer(child: ChildKind, stored: Raw, sent?: Child['object']): void {
    const key = objectKey(stored.metadata);
    if (child === 'Deployment') {
      generations.set(key, stored.metadata.generation);
    }
    const view = offerToCaches(child, stored);
    if (view && sent) {
      admissions.learn(key, child, { sent, stored, view });
    }
  }

  /** Whether what is there is what was written, nobody knows: somebody may have written since. */
  function offerFound(child: ChildKind, raw: Raw): void {
    if (child === 'Deployment') {
      generations.delete(objectKey(raw.metadata));
    }
    offerToCaches(child, raw);
  }

  caches.installations.onChange((before, after) => {
    if (before && !after) {
      heals.delete(before.key);
      generations.delete(before.key);
      admissions.forget(before.key);
      unseen.forget(before.key);
    }
  });

  return async function reconcile(key: string, run: Run): Promise<Outcome> {
    const hidden = unseen.has(key) ? await unseen.look(key, run) : undefined;
    const remembered = heals.get(key);
    if (remembered && remembered.generation !== caches.installations.get(key)?.generation) {
      heals.delete(key);
    }
    const observed = look(key);
    // Without a finalizer there is nothing to do on deletion: the children are garbage collected.
    if (!observed || observed.installation.deleting) {
      fleet.leaveLine(key);
      fleet.endReservation(key);
      return {};
    }
    for (let seen = hidden?.(observed) ?? observed, looks = hidden ? 1 : 0; ; looks += 1) {
      try {
        const outcome = await reconcileOnce(key, seen, run);
        // An object that the caches do not show wakes nobody up when it goes.
        return looks === 0 ? outcome : { requeueAfterMs: Math.min(outcome.requeueAfterMs ?? Infinity, LOOK_AGAIN_MS) };
      } catch (error) {
        if (!(error instanceof Appeared) || looks === MOST_LOOKS) {
          throw error;
        }
        // Another may have begun meanwhile.
        seen = withChild({ ...seen, ...surroundingsOf(key) }, error.child, error.raw);
      }
    }
  };

  /** Once through plan, act and report. */
  async function reconcileOnce(key: string, observed: Observed, run: Run): Promise<Outcome> {
    const { installation } = observed;
    const planned = plan(observed, clock.now());
    let isStale = false;
    countRollout(key);
    claimPlace(key, planned);
    for (const action of planned.writes) {
      try {
        const isAsPlanned = await write(observed, action, planned, run);
        isStale ||= !isAsPlanned;
      } catch (error) {
        return await afterFailedWrite(observed, action, planned, run, error);
      }
    }
    fleet.endReservation(key);
    run.signal.throwIfAborted();
    if (isStale || isOvertaken(observed, planned, generations.get(key))) {
      return AT_ONCE;
    }
    await report(installation, planned.status, run.reconcileID);
    return planned.requeueAfterMs === undefined ? {} : { requeueAfterMs: planned.requeueAfterMs };
  }

  /** Between this moment and the answer to the write nobody else may take the place. */
  function claimPlace(key: string, { takesSlot, isQueued }: Plan): void {
    if (takesSlot) {
      fleet.reservePlace(key);
    } else {
      fleet.endReservation(key);
    }
    if (isQueued) {
      fleet.joinLine(key);
    } else {
      fleet.leaveLine(key);
    }
  }

  /** Returns whether it was what it was planned for: what seemed to be drift may be what admission makes of it. */
  async function write(
    observed: Observed,
    action: Action,
    { because }: Plan,
    { reconcileID, signal }: Run,
  ): Promise<boolean> {
    const { installation } = observed;
    const key = objectKey(installation);
    const seen = childIn(observed, action.child);
    await act({ writer, offer, signal, unseen, seen }, installation, action);
    log.debug({ reconcileID, installation: key, ...describe(action), because }, 'Wrote a child');
    const healed = eventOfHeal(action);
    if (!healed) {
      return true;
    }
    // Somebody's change seemed to be undone, and it was admission's.
    if (admissions.isAsFound(key, action.child, seen)) {
      return false;
    }
    remember(key, installation.generation, action);
    record(installation, healed);
    return true;
  }

  /** Tells the user why, and throws the error, so that all is tried again; a refused rollout is marked first. */
  async function afterFailedWrite(
    { installation }: Observed,
    action: Action,
    planned: Plan,
    { reconcileID, signal }: Run,
    error: unknown,
  ): Promise<Outcome> {
    const key = objectKey(installation);
    // The caches would show it anyhow; they show it from now on, so that a rollout that has begun keeps its place.
    if (error instanceof Appeared && isWatched(error.raw)) {
      offerFound(error.child, error.raw);
    }
    // Where it may have begun all the same, its record keeps the place.
    fleet.endReservation(key);
    signal.throwIfAborted();
    const failure = problemOf(error);
    const begun = failure?.reason === 'Rejected' && action.child === 'Deployment' ? look(key) : undefined;
    const mark = begun && failure && markRefused(begun, failure.message, clock.now());
    if (mark) {
      await act({ writer, offer, signal, unseen, seen: undefined }, installation, mark);
      return AT_ONCE;
    }
    if (failure) {
      const status = statusAfterFailure(installation, planned.status, withOutlook(failure), clock.now());
      await report(installation, status, reconcileID);
    }
    throw error;
  }

  function look(key: string): Observed | undefined {
    const observed = observe(caches, config, heals.get(key)?.of ?? {}, surroundingsOf(key), key);
    return observed && { ...observed, ...admissions.accept(key, observed) };
  }

  function surroundingsOf(key: string): Parameters<typeof observe>[3] {
    return {
      mayGenerate: generatedSecrets,
      slot: fleet.mayBegin(key) ? 'free' : 'queued',
      kubernetesVersion: kubernetesVersion(),
      writtenGeneration: generations.get(key),
    };
  }

  function remember(key: string, generation: number, action: Action): void {
    if ('heals' in action && action.heals !== undefined) {
      const before = heals.get(key)?.of;
      const counted = countHeal(before?.[action.child], action.heals, clock.now());
      heals.set(key, { generation, of: { ...before, [action.child]: counted } });
    }
  }
}

/** The problem that a refused write is to the user. Undefined where the write only came too early. */
function problemOf(error: unknown): Problem | undefined {
  if (error instanceof SecretRefused) {
    return error.problem;
  }
  if (!(error instanceof ApiError) || error.retry === 'now') {
    return undefined;
  }
  if (isOutOfQuota(error)) {
    return notYet(
      'QuotaExceeded',
      `Raise the quota of the namespace, or remove what it does not need: ${error.message}`,
    );
  }
  return error.retry === 'never' ? problem('Rejected', error.message) : waitFor('RetryingAfterError', error.message);
}

/** Adds that a refused wish is tried again as it is. */
function withOutlook(failure: Problem): Problem {
  return failure.reason === 'Rejected'
    ? { ...failure, message: `${failure.message}; it is tried again every minute` }
    : failure;
}

function childIn({ deployment, service, budget }: Observed, child: ChildKind): ChildView | undefined {
  return { Deployment: deployment, Service: service, PodDisruptionBudget: budget, ControllerRevision: undefined }[
    child
  ];
}

function describe(action: Action): object {
  const heals = 'heals' in action ? action.heals : undefined;
  return { child: action.child, write: heals === undefined ? action.kind : 'heal', heals };
}
