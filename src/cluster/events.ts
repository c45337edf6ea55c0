import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../controller/clock.ts';
import { cutNote, eventName } from './event-text.ts';
import { microTime } from './micro-time.ts';
import { Outbox } from './outbox.ts';
import { apiVersionOf, collectionPath, describeObject, objectPath, resourceLabel, type Resource } from './resource.ts';
import type { Call, Transport } from './transport.ts';

interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** None for an object of the cluster, whose events are in `default`. */
  readonly namespace?: string | undefined;
  readonly uid?: string;
}

export interface Happening {
  readonly regarding: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export interface EventRecorder {
  /** Returns at once and never throws. What is said again within six minutes is counted in the first event. */
  record(happening: Happening): void;
  /** Resolves when all that was recorded is written, or failed. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly transport: Pick<Transport, 'request'>;
  /** The component that reports it: `example.com/operator`. */
  readonly reportingController: string;
  /** Which of its processes: the pod's name. */
  readonly reportingInstance: string;
  /** Told of an event that could not be written; must not throw. */
  readonly onError?: (error: unknown, happening: Happening) => void;
  readonly clock?: Clock;
}

/** One thing, said once or more. */
interface Series {
  readonly id: string;
  readonly happening: Happening;
  readonly name: string;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  /** Of `count`, how many are in the cluster. */
  written: number;
  isSending: boolean;
}

const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
/** As client-go has it: said again after that long, it is a new event. */
const SERIES_ENDS_AFTER_MS = 6 * 60_000;
const MOST_SERIES = 4_096;

/** Writes events in the background: nobody waits for one, and one that is lost breaks nothing. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { transport, reportingController, reportingInstance, onError, clock = systemClock } = options;
  const outbox = new Outbox({ inFlight: 4, waiting: 1_000 });
  /** By what is said; what was not said for longest comes first. */
  const running = new Map<string, Series>();

  function record(happening: Happening): void {
    const now = clock.now();
    forgetEnded(now);
    const id = idOf(happening);
    const series = running.get(id) ?? newSeries(id, happening, now);
    series.count += 1;
    series.lastAt = now;
    running.delete(id);
    running.set(id, series);
    send(series);
  }

  function forgetEnded(now: number): void {
    for (const [id, series] of running) {
      if (now - series.lastAt < SERIES_ENDS_AFTER_MS && running.size < MOST_SERIES) {
        return;
      }
      running.delete(id);
    }
  }

  /** Brings the cluster up to date, one request at a time for each series so that none overtakes another. */
  function send(series: Series): void {
    if (series.isSending || series.written === series.count) {
      return;
    }
    series.isSending = true;
    if (!outbox.put(() => write(series))) {
      giveUp(series, new Error('Too many events wait to be written'));
    }
  }

  async function write(series: Series): Promise<void> {
    const { count } = series;
    try {
      await transport.request(series.written === 0 ? creation(series) : updateSeries(series));
    } catch (error) {
      giveUp(series, error);
      return;
    }
    series.written = count;
    series.isSending = false;
    send(series);
  }

  /** Whatever became of the event, the next one of its kind begins anew. */
  function giveUp(series: Series, error: unknown): void {
    running.delete(series.id);
    onError?.(error, series.happening);
  }

  function creation(series: Series): Call {
    const { regarding, type, reason, action, note } = series.happening;
    const namespace = namespaceOfEvent(series.happening);
    return {
      method: 'POST',
      path: collectionPath(EVENTS, namespace),
      body: {
        apiVersion: apiVersionOf(EVENTS),
        kind: EVENTS.kind,
        metadata: { name: series.name, namespace },
        eventTime: microTime(series.firstAt),
        ...repetition(series),
        reportingController,
        reportingInstance,
        regarding,
        type,
        reason,
        action,
        note: cutNote(note),
      },
      doing: `Create ${describeObject(EVENTS, { namespace, name: series.name })}`,
      resource: resourceLabel(EVENTS),
    };
  }

  return { record, flush: () => outbox.flush() };
}

function updateSeries(series: Series): Call {
  const name = { name: series.name, namespace: namespaceOfEvent(series.happening) };
  return {
    method: 'PATCH',
    path: objectPath(EVENTS, name),
    contentType: 'application/merge-patch+json',
    body: repetition(series),
    doing: `Count ${describeObject(EVENTS, name)}`,
    resource: resourceLabel(EVENTS),
  };
}

function repetition({ count, lastAt }: Series): { readonly series?: object } {
  return count > 1 ? { series: { count, lastObservedTime: microTime(lastAt) } } : {};
}

function newSeries(id: string, happening: Happening, now: number): Series {
  const name = eventName(happening.regarding.name, idFrom(now));
  return { id, happening, name, firstAt: now, lastAt: now, count: 0, written: 0, isSending: false };
}

/** Hex digits that are in the order of time: `kubectl describe` shows events of this API in the order of their names. */
function idFrom(now: number): string {
  return now.toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
}

function idOf({ regarding, type, reason, action, note }: Happening): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason, action, note]);
}

function namespaceOfEvent({ regarding }: Happening): string {
  return regarding.namespace ?? 'default';
}
