import type { FastifyReply, FastifyRequest } from 'fastify';
import { findCondition } from '../api/conditions.ts';
import { isNewer } from '../controller/resource-version.ts';
import type { DeploymentView } from '../plan/state/observed.ts';
import type { InstallationView } from '../reconcile/project.ts';
import { INSTALLATIONS } from '../reconcile/resources.ts';
import { callerOf, type Context } from './context.ts';
import type { Live } from './installations.ts';
import type { RestPorts } from './ports.ts';
import { RestProblem } from './problem.ts';

/**
 * Server-sent events: what an installation is like, each time that it changes, until it is settled. Who comes back after a
 * broken connection, or to another replica, hears how it is by then: no event has to be remembered.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

const MOST = 500;
const MOST_OF_ONE_CALLER = 20;
/** Proxies give up a connection on which nothing happens, mostly after a minute. */
const HEARTBEAT_MS = 15_000;
/** A client that hears nothing until then asks again. */
const LONGEST_MS = 30 * 60_000;
/** The operator looks at an annotation at once, unless it is just being replaced. */
const LONGEST_UNTIL_RETRIED_MS = 60_000;
const RETRY = 'retry: 2000\n\n';

type Listener = (after: InstallationView | undefined) => void;

export interface Watches {
  readonly open: number;
  /** Undefined where there are too many. */
  begin(key: string, caller: string, listener: Listener): (() => void) | undefined;
  /** Ends them all; their clients come back, to another replica. */
  close(): void;
  onClose(end: () => void): () => void;
}

export function createWatches({ caches }: Pick<RestPorts, 'caches'>): Watches {
  const listeners = new Map<string, Set<Listener>>();
  const ofCaller = new Map<string, number>();
  const ends = new Set<() => void>();
  let open = 0;

  caches.installations.onChange((before, after) => {
    listeners.get((after ?? before)?.key ?? '')?.forEach((listener) => listener(after));
  });

  function count(caller: string, change: 1 | -1): void {
    const now = (ofCaller.get(caller) ?? 0) + change;
    open += change;
    if (now === 0) {
      ofCaller.delete(caller);
    } else {
      ofCaller.set(caller, now);
    }
  }

  return {
    get open() {
      return open;
    },
    begin(key, caller, listener) {
      if (open >= MOST || (ofCaller.get(caller) ?? 0) >= MOST_OF_ONE_CALLER) {
        return undefined;
      }
      count(caller, 1);
      listeners.set(key, (listeners.get(key) ?? new Set()).add(listener));
      let isOver = false;
      return () => {
        if (isOver) {
          return;
        }
        isOver = true;
        count(caller, -1);
        const left = listeners.get(key);
        left?.delete(listener);
        if (left?.size === 0) {
          listeners.delete(key);
        }
      };
    },
    close: () => ends.forEach((end) => end()),
    onClose(end) {
      ends.add(end);
      return () => ends.delete(end);
    },
  };
}

/** Nothing goes on: it is as the spec asks, or a person must act. */
export function isSettled({
  generation,
  status,
  spec,
}: Pick<InstallationView, 'generation' | 'status' | 'spec'>): boolean {
  const { observedGeneration = -1, conditions } = status;
  const ready = findCondition(conditions, 'Ready');
  return (
    observedGeneration >= generation &&
    ready !== undefined &&
    findCondition(conditions, 'Reconciling')?.status !== 'True' &&
    (ready.status !== 'Unknown' || spec.suspend === true)
  );
}

/** Whether pods are still made anew: an annotation asks for that, and raises no generation. Where a person must act, it has ended. */
export function isRestarting(
  { restart, status, spec }: Pick<InstallationView, 'restart' | 'status' | 'spec'>,
  deployment:
    | Pick<DeploymentView, 'restart' | 'generation' | 'observedGeneration' | 'replicas' | 'updated' | 'total'>
    | undefined,
): boolean {
  const isOver = spec.suspend === true || findCondition(status.conditions, 'Stalled')?.status === 'True';
  if (restart === undefined || isOver) {
    return false;
  }
  // Pods that fail later are another matter.
  const isRolledOut =
    deployment !== undefined &&
    deployment.restart === restart &&
    deployment.observedGeneration >= deployment.generation &&
    deployment.updated >= deployment.replicas &&
    deployment.total <= deployment.updated;
  return !isRolledOut;
}

/** Whether something that failed is still to be tried again: an annotation asks for that, too. */
export function isToBeRetried({ retry, status, spec }: Pick<InstallationView, 'retry' | 'status' | 'spec'>): boolean {
  return retry !== undefined && spec.suspend !== true && status.lastHandledRetry !== retry;
}

interface Viewing {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly live: Live;
  readonly show: (view: InstallationView) => object;
}

export async function watch(
  watches: Watches,
  { access, callers, ports: { clock, caches } }: Pick<Context, 'access' | 'callers' | 'ports'>,
  { request, reply, live, show }: Viewing,
): Promise<void> {
  const caller = callerOf(request);
  const { raw } = reply;
  const sender = createSender(raw, show);
  // Who left while it was read is not heard of again.
  if (raw.destroyed) {
    return;
  }
  const leave = watches.begin(live.view.key, caller.username, (after) => tell(after));
  if (!leave) {
    throw new RestProblem(429, 'TooManyWatches', 'Close other watches first, or ask with GET from time to time', {
      headers: { 'retry-after': '10' },
    });
  }
  reply.hijack();
  raw.writeHead(200, {
    ...headersOf(reply),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies that collect an answer before they pass it on would keep all of it back.
    'x-accel-buffering': 'no',
  });
  raw.write(RETRY);
  const startedAt = clock.monotonic();
  const heartbeat = setInterval(() => void beat(), HEARTBEAT_MS);
  heartbeat.unref();
  const forget = watches.onClose(end);
  raw.once('close', end);

  function end(): void {
    clearInterval(heartbeat);
    forget();
    leave?.();
    raw.end();
  }

  function tell(view: InstallationView | undefined): void {
    if (!view || view.uid !== live.view.uid) {
      sender.last('deleted', undefined);
      end();
    } else if (isSettled(view) && !isAwaited(view)) {
      sender.last('settled', view);
      end();
    } else {
      sender.next(view);
    }
  }

  /** A retry may begin nothing, and then nobody says so. */
  function isAwaited(view: InstallationView): boolean {
    const isPatient = clock.monotonic() - startedAt < LONGEST_UNTIL_RETRIED_MS;
    return isRestarting(view, caches.deployments.get(view.key)) || (isPatient && isToBeRetried(view));
  }

  /** A token runs out and rights are taken while somebody watches. Who cannot be judged now is judged next time. */
  async function beat(): Promise<void> {
    const { namespace, name } = live.view;
    const deed = { verb: 'get', resource: INSTALLATIONS, namespace, name } as const;
    const known = await callers.identify(caller.token, request.ip).catch(() => caller);
    const may = known && (await access.may(known, deed).catch(() => true));
    if (!may) {
      sender.last('refused', undefined);
    }
    if (!may || clock.monotonic() - startedAt > LONGEST_MS) {
      end();
    } else {
      sender.beat();
      // Of Deployments nobody tells.
      tell(caches.installations.get(live.view.key));
    }
  }

  // The caches may have seen more than what was read, and tell what is there only when it changes.
  const cached = caches.installations.get(live.view.key);
  tell(cached && isNewer(cached.resourceVersion, live.view.resourceVersion) ? cached : live.view);
}

/** Headers that hooks have set, such as the id of the request. */
function headersOf(reply: FastifyReply): Record<string, string> {
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return Object.fromEntries(headers);
}

/** A slow reader gets the newest state when it can take it, and nothing piles up for it meanwhile. */
function createSender(stream: FastifyReply['raw'], show: Viewing['show']) {
  let waiting: InstallationView | undefined;
  let isFull = false;
  let sent = '';

  function write(event: string, view: InstallationView | undefined): void {
    const data = JSON.stringify(view ? show(view) : {});
    if (event === 'installation' && data === sent) {
      return;
    }
    sent = data;
    isFull = !stream.write(`event: ${event}\ndata: ${data}\n\n`);
  }

  stream.on('drain', () => {
    isFull = false;
    if (waiting) {
      const view = waiting;
      waiting = undefined;
      write('installation', view);
    }
  });

  return {
    next(view: InstallationView) {
      if (isFull) {
        waiting = view;
      } else {
        write('installation', view);
      }
    },
    last(event: 'settled' | 'deleted' | 'refused', view: InstallationView | undefined) {
      waiting = undefined;
      write(event, view);
    },
    beat() {
      if (!isFull) {
        isFull = !stream.write(': still here\n\n');
      }
    },
  };
}
