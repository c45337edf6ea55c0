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
  /** The step in which it was sent, and the one in which the reconcile that sent it may have begun to look. */
  readonly sentAt: number;
  readonly lookedAt: number;
  /** The answer of the server, once it carried the request out. The process does not know it yet. */
  outcome?: { readonly answer: unknown } | { readonly error: ApiError };
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: ApiError) => void;
}

/** A watch that was asked for, and is open once it has a cursor. */
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

/** One process of the operator: the real one above a transport that only does what the simulation tells it to. */
export class OperatorProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly views = new Views();
  readonly #step: () => number;
  readonly #operator: Operator;
  requests: InFlight[] = [];
  watches: Watching[] = [];
  /** For each object, the requests of one reconcile follow each other without a step between answer and request. */
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

  /** Nothing of it is there any more: no timer fires, no request is answered. */
  kill(): void {
    this.isAlive = false;
    this.clock.kill();
    this.requests = [];
    this.watches = [];
  }

  stop(): Promise<void> {
    return this.#operator.stop();
  }

  /** The server's word arrives. */
  answer(request: InFlight): void {
    const { outcome } = request;
    this.requests = this.requests.filter((r) => r !== request);
    // A report is the last request of a reconcile: what follows has looked anew.
    const lookedAt = request.call.path.endsWith('/status') ? this.#step() : request.lookedAt;
    this.#chains.set(chainOf(request.call), { lookedAt, answeredAt: this.#step() });
    if (outcome && 'error' in outcome) {
      request.reject(outcome.error);
    } else {
      request.resolve(outcome?.answer);
    }
  }

  /** No answer will come, or another than the server gave; it may have done what it was asked for. */
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

  /** Watches that the process let go of are over for the server too. */
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

  /** Ends what is under way when the caller's signal aborts; false if it has. */
  #abort({ signal, doing }: Call, end: (error: ApiError) => void): boolean {
    signal?.addEventListener('abort', () => this.isAlive && end(ApiError.unanswered(doing, signal.reason)), {
      once: true,
    });
    return signal?.aborted !== true;
  }
}

/** Writes to an object and its status are one row, and so are those to its children: their names begin with its name. */
function chainOf({ path }: Call): string {
  const [, namespace = '', plural = '', name = ''] = /\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)/.exec(path) ?? [];
  return `${namespace}/${plural === CHILDREN.ControllerRevision.plural ? name.replace(/-[^-]+$/, '') : name}`;
}
