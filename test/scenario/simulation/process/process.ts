import { pino } from 'pino';
import type { OperatorConfig } from '../../../../src/api/operator-config.ts';
import { ApiError } from '../../../../src/cluster/errors.ts';
import type { Call, Transport } from '../../../../src/cluster/transport.ts';
import type { Clock } from '../../../../src/controller/clock.ts';
import { createOperator, type Operator } from '../../../../src/operator.ts';
import { CHILDREN } from '../../../../src/reconcile/resources.ts';
import { createMetrics } from '../../../../src/telemetry/metrics.ts';
import { EventStream } from './event-stream.ts';
import type { WatchCursor } from '../../cluster/watch.ts';
import { ProcessClock } from './process-clock.ts';
import { Views } from './views.ts';

/** A request between a process and the server. */
export interface InFlight {
  readonly call: Call;
  /** The step in which it was sent, and the step in which the reconcile that sent it may have begun to read. */
  readonly sentAt: number;
  readonly lookedAt: number;
  /** The answer of the server, once it carried the request out. The process does not know it yet. */
  outcome?: { readonly answer: unknown } | { readonly error: ApiError };
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: ApiError) => void;
}

/** A watch that a process asked for. It is open once it has a cursor. */
export interface Watching {
  readonly call: Call;
  readonly stream: EventStream;
  cursor?: WatchCursor;
  readonly accept: () => void;
  readonly refuse: (error: ApiError) => void;
  /** When the server ends it. */
  endsAt: number;
}

/** Wraps the transport of a process, to plant a bug between it and the operator. */
export type Wrap = (transport: Transport) => Transport;

export interface ProcessOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** The present step of the simulation. */
  readonly step: () => number;
  readonly wrap: Wrap;
  readonly config: OperatorConfig;
}

const log = pino({ level: 'silent' });
const metrics = createMetrics('simulation');

/** One process of the real operator, on a transport that only does what the simulation tells it to. */
export class OperatorProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly views = new Views();
  readonly #step: () => number;
  readonly #operator: Operator;
  requests: InFlight[] = [];
  watches: Watching[] = [];
  /** The last answer, by object. A request in the same step as that answer belongs to the same reconcile. */
  readonly #chains = new Map<string, { readonly lookedAt: number; readonly answeredAt: number }>();
  isAlive = true;

  constructor({ name, clock, random, step, wrap, config }: ProcessOptions) {
    this.name = name;
    this.clock = new ProcessClock(clock);
    this.#step = step;
    this.#operator = createOperator({
      connect: () => wrap(this.#transport()),
      config,
      namespaces: [],
      watchSecrets: false,
      generatedSecrets: true,
      reconciles: true,
      workers: 4,
      instance: name,
      leaseNamespace: undefined,
      log,
      metrics,
      clock: this.clock,
      random,
    });
    this.#operator.start();
  }

  /** Ends the process at once: no timer fires any more, and no request is answered. */
  kill(): void {
    this.isAlive = false;
    this.clock.kill();
    this.requests = [];
    this.watches = [];
  }

  stop(): Promise<void> {
    return this.#operator.stop();
  }

  /** Settles a request with its outcome. */
  answer(request: InFlight): void {
    const { outcome } = request;
    this.requests = this.requests.filter((r) => r !== request);
    // The write of the status is the last request of a reconcile. A request after it has read anew.
    const lookedAt = request.call.path.endsWith('/status') ? this.#step() : request.lookedAt;
    this.#chains.set(chainOf(request.call), { lookedAt, answeredAt: this.#step() });
    if (outcome && 'error' in outcome) {
      request.reject(outcome.error);
    } else {
      request.resolve(outcome?.answer);
    }
  }

  /** Fails a request with `error`. The server may have carried it out all the same. */
  fail(request: InFlight, error: ApiError): void {
    this.answer(Object.assign(request, { outcome: { error } }));
  }

  endWatch(watching: Watching, error?: ApiError): void {
    this.watches = this.watches.filter((w) => w !== watching);
    if (watching.cursor) {
      watching.stream.end(error);
    } else {
      watching.refuse(error ?? ApiError.unanswered(watching.call.doing, new Error('other side closed')));
    }
  }

  /** Drops the watches that the process let go of, because they are over for the server too. */
  sweep(): void {
    if (this.watches.some(({ stream }) => stream.isOver)) {
      this.watches = this.watches.filter(({ stream }) => !stream.isOver);
    }
  }

  #transport(): Transport {
    return {
      request: <Answer>(call: Call) =>
        new Promise<Answer>((resolve, reject) => {
          const sentAt = this.#step();
          const chain = this.#chains.get(chainOf(call));
          const lookedAt = chain?.answeredAt === sentAt ? chain.lookedAt : sentAt;
          const request: InFlight = { call, sentAt, lookedAt, resolve: resolve as (answer: unknown) => void, reject };
          if (this.#abort(call, (error) => this.fail(request, error))) {
            this.requests.push(request);
          } else {
            reject(ApiError.unanswered(call.doing, call.signal?.reason));
          }
        }),
      stream: (call) =>
        new Promise((resolve, reject) => {
          const stream = new EventStream();
          const watching: Watching = { call, stream, endsAt: Infinity, accept: () => resolve(stream), refuse: reject };
          if (this.#abort(call, (error) => this.endWatch(watching, error))) {
            this.watches.push(watching);
          } else {
            reject(ApiError.unanswered(call.doing, call.signal?.reason));
          }
        }),
      close: () => Promise.resolve(),
    };
  }

  /** Calls `end` when the caller's signal aborts. Returns false if it has aborted already. */
  #abort({ signal, doing }: Call, end: (error: ApiError) => void): boolean {
    signal?.addEventListener('abort', () => this.isAlive && end(ApiError.unanswered(doing, signal.reason)), {
      once: true,
    });
    return signal?.aborted !== true;
  }
}

/** The chain of a request. An installation, its status and its children share one: their names begin with its name. */
function chainOf({ path }: Call): string {
  const [, namespace = '', plural = '', name = ''] = /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  return `${namespace}/${plural === CHILDREN.ControllerRevision.plural ? name.replace(/-[^-]+$/, '') : name}`;
}
