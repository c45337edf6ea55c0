import type { OperatorConfig } from '../../../src/api/operator-config.ts';
import { FIELD_MANAGER, LABEL, MARKER } from '../../../src/api/names.ts';
import type { Call } from '../../../src/cluster/transport.ts';
import { FakeClock, settle } from '../../support/fake-clock.ts';
import { DeploymentController } from '../cluster/deployment-controller.ts';
import { GarbageCollector } from '../cluster/garbage-collector.ts';
import { KINDS } from '../cluster/kinds.ts';
import { ApiServer, type Change } from '../cluster/server.ts';
import { Exchange } from './process/exchange.ts';
import { judgeWrite } from './oracles/oracles.ts';
import { judgePods } from './oracles/serving.ts';
import { OperatorProcess, type InFlight, type Wrap } from './process/process.ts';
import { wipeStatus } from './people/people.ts';
import { Random } from './random.ts';
import { SIMULATED } from './simulated.ts';

/** One event that may happen next. A higher weight makes it more likely. */
export interface Option {
  readonly weight: number;
  readonly name: string;
  readonly run: () => void;
}

export interface SimulationOptions {
  readonly seed: number;
  /** Whether each step takes the first option, so that nothing is left to chance. Otherwise the seed chooses one. */
  readonly isOrderly?: boolean;
  readonly wrap?: Wrap;
  /** The configuration by the platform team. */
  readonly config?: OperatorConfig;
  /** When it begins, in milliseconds since the epoch. */
  readonly startsAt?: number;
  /** Whether somebody wipes the status of an installation each time the operator has written one of its children. */
  readonly isForgetful?: boolean;
  /** The limit of steps. An operator that needs more is running in circles. */
  readonly mostSteps?: number;
}

/** Says which rule did not hold, and ends the simulation. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

const MINUTE = 60_000;
/** A simulation without a write for this long is at rest. Nothing that waits for the clock alone waits longer. */
const REST_MS = 6 * MINUTE;
const LONGEST_UNREST_MS = 180 * MINUTE;
const MOST_STEPS = 6_000;
const MOST_STEPS_TO_STOP = 200;
/** A rollout costs 8 writes, and two installations may each have 4 rollouts to go, one after the other. */
const MOST_WRITES_TO_REST = 80;

/**
 * A cluster in which one event happens at a time, and the seed chooses which: a request is carried out, an answer arrives,
 * a watch sends an event, a controller does a step, or the clock moves on. The journal lists all that happened.
 */
export class Simulation {
  readonly random: Random;
  readonly clock: FakeClock;
  readonly server: ApiServer;
  readonly deployments: DeploymentController;
  readonly exchange: Exchange;
  readonly journal: string[] = [];
  readonly violations: string[] = [];
  process: OperatorProcess | undefined;
  /** How many writes the operators made, Events aside. */
  writes = 0;
  events = 0;
  /** Called after each write of an operator was carried out, before it is answered. */
  onWrite: ((write: number) => void) | undefined;
  readonly #collector: GarbageCollector;
  readonly isForgetful: boolean;
  readonly #isOrderly: boolean;
  readonly #wrap: Wrap;
  readonly #config: OperatorConfig;
  readonly #mostSteps: number;
  #step = 0;
  #processes = 0;
  #lastWriteAt = 0;

  constructor(options: SimulationOptions) {
    const { seed, isOrderly = false, wrap = (transport) => transport, config = SIMULATED } = options;
    this.random = new Random(seed);
    this.clock = new FakeClock(options.startsAt);
    this.server = new ApiServer(() => this.clock.now());
    this.deployments = new DeploymentController(this.server, () => this.clock.now());
    this.#collector = new GarbageCollector(this.server, () => this.clock.now());
    this.exchange = new Exchange({
      server: this.server,
      now: () => this.clock.now(),
      step: () => this.#step,
      note: (what) => this.note(what),
      onCarriedOut: (call) => this.#count(call),
    });
    this.#isOrderly = isOrderly;
    this.isForgetful = options.isForgetful ?? false;
    this.#wrap = wrap;
    this.#config = config;
    this.#mostSteps = options.mostSteps ?? MOST_STEPS;
    this.server.onChange((change) => this.#judge(change));
    if (this.isForgetful) {
      this.server.onChange((change) => forget(this.server, change));
    }
  }

  note(what: string): void {
    // The names of Events are random.
    const steady = what.replace(/\.[0-9a-f]+\.?[0-9a-f]{8,}/, '');
    this.journal.push(`${String(this.#step).padStart(4)} ${clockTime(this.clock.now())} ${steady}`);
  }

  violate(what: string): void {
    this.note(`VIOLATION ${what}`);
    this.violations.push(what);
  }

  /** Starts the operator with an empty memory. */
  startOperator(): void {
    this.#processes += 1;
    const name = `operator-${this.#processes}`;
    this.note(`${name} starts`);
    const random = new Random(this.random.below(2 ** 31)).next;
    this.process = new OperatorProcess({
      name,
      clock: this.clock,
      random,
      step: () => this.#step,
      wrap: this.#wrap,
      config: this.#config,
    });
  }

  /** Kills the process. The server still carries out those of its unanswered writes for which `arrives` returns true. */
  crash(arrives: (request: InFlight) => boolean): void {
    const { process } = this;
    if (!process) {
      return;
    }
    this.note(`${process.name} crashes`);
    const unanswered = process.requests.filter((r) => r.outcome === undefined && r.call.method !== 'GET');
    process.kill();
    this.process = undefined;
    for (const request of unanswered) {
      if (arrives(request)) {
        this.exchange.carryOut(process, request);
      }
    }
  }

  /** The steps that an operator under way can make next. */
  ownOptions(): Option[] {
    const { process, exchange } = this;
    if (!process) {
      return [];
    }
    const answers = process.requests
      .filter((r) => r.outcome !== undefined)
      .map((r) => ({ weight: 5, name: `answer ${r.call.doing}`, run: () => exchange.answer(process, r) }));
    const commits = process.requests
      .filter((r) => r.outcome === undefined)
      .map((r) => ({ weight: 5, name: `carry out ${r.call.doing}`, run: () => exchange.carryOut(process, r) }));
    const accepts = process.watches
      .filter((w) => !w.cursor)
      .map((w) => ({ weight: 5, name: `accept ${w.call.doing}`, run: () => exchange.accept(process, w) }));
    const deliveries = process.watches
      .filter((w) => w.cursor?.hasNews)
      .map((w) => ({ weight: 3, name: `send ${w.call.resource}`, run: () => exchange.deliver(process, w) }));
    return [...answers, ...commits, ...accepts, ...deliveries];
  }

  /** The steps that the cluster makes by itself. */
  clusterOptions(): Option[] {
    const steps = this.deployments.work.map((key) => ({
      weight: 2,
      name: `deployment controller ${key}`,
      run: () => this.note(`  ${this.deployments.step(key) ?? 'nothing'}`),
    }));
    const { work } = this.#collector;
    const garbage = work && {
      weight: 1,
      name: `collect ${work.kind.plural} ${work.key}`,
      run: () => this.#collector.step(),
    };
    return garbage ? [...steps, garbage] : steps;
  }

  /** Does one of the options and lets the operator do what follows from it. */
  async step(options: readonly Option[]): Promise<void> {
    this.#step += 1;
    const option = this.#isOrderly ? options[0] : this.random.weighted(options);
    if (option) {
      this.note(option.name);
      option.run();
    }
    await this.drain();
    if (this.#step > this.#mostSteps) {
      throw new Violation(`It runs in circles: ${this.writes} writes in ${this.#step} steps`);
    }
  }

  /** Resolves when nothing can go on without a further step; settles twice, as the runtime yields to the event loop. */
  async drain(): Promise<void> {
    await settle();
    await settle();
    this.process?.sweep();
  }

  /** Lets time pass until the next moment at which something is due, but at most `mostMs` or a minute. */
  async advance(mostMs = Infinity): Promise<void> {
    const now = this.clock.now();
    const due = [this.exchange.servesAt, this.deployments.deadline, this.#collector.deadline].map((at) =>
      at === undefined ? Infinity : at - now,
    );
    const next = Math.min(mostMs, MINUTE, this.clock.untilNext ?? Infinity, ...due.filter((ms) => ms > 0));
    this.clock.tick(Math.max(next, 1));
    await this.drain();
    if (this.process) {
      this.exchange.serve(this.process);
    }
    await this.drain();
  }

  /** Lets everything happen that can, without faults, until nothing is written for a long time. */
  async rest(): Promise<void> {
    const began = this.clock.now();
    const writesBefore = this.writes;
    this.#lastWriteAt = began;
    while (this.clock.now() - this.#lastWriteAt < REST_MS) {
      if (!this.process) {
        this.startOperator();
        await this.drain();
      }
      const options = [...this.ownOptions(), ...this.clusterOptions()];
      if (options.length === 0) {
        await this.advance();
      } else if (this.#isOrderly || !this.random.chance(0.03)) {
        await this.step(options);
      } else {
        // Time also passes while there is work to do.
        await this.advance(1_000);
      }
      if (this.clock.now() - began > LONGEST_UNREST_MS || this.writes - writesBefore > MOST_WRITES_TO_REST) {
        throw new Violation(`It does not come to rest: ${this.writes - writesBefore} writes`);
      }
    }
    this.note('at rest');
  }

  /** Stops the operator as a signal does. Timers, requests or watches that it leaves behind are a violation. */
  async stopOperator(): Promise<void> {
    const { process } = this;
    if (!process) {
      return;
    }
    this.note(`${process.name} is told to stop`);
    const stopped = new AbortController();
    void process.stop().then(() => stopped.abort());
    await this.drain();
    for (let steps = 0; !stopped.signal.aborted; steps += 1) {
      if (steps > MOST_STEPS_TO_STOP) {
        throw new Violation('It does not stop');
      }
      const options = this.ownOptions();
      await (options.length > 0 ? this.step(options) : this.advance(1_000));
    }
    process.sweep();
    if (process.clock.pending + process.requests.length + process.watches.length > 0) {
      this.violate(
        `It left behind ${process.clock.pending} timers, ${process.requests.length} requests, ${process.watches.length} watches`,
      );
    }
    process.isAlive = false;
    this.process = undefined;
  }

  #count({ resource }: Call): void {
    if (resource === 'events.events.k8s.io') {
      this.events += 1;
      return;
    }
    this.writes += 1;
    this.#lastWriteAt = this.clock.now();
    this.onWrite?.(this.writes);
  }

  #judge(change: Change): void {
    const where = `${change.kind.plural} ${change.key}`;
    this.note(`  ${change.after ? 'wrote' : 'deleted'} ${where} at ${change.version} by ${change.by}`);
    for (const violation of judgePods(change, this.server, this.clock.now())) {
      this.violate(violation);
    }
    const { process, request } = this.exchange.current ?? {};
    if (process && request && (change.by === FIELD_MANAGER || change.by === MARKER)) {
      for (const violation of judgeWrite({
        change,
        server: this.server,
        process,
        request,
        now: this.clock.now(),
        mostAtOnce: SIMULATED.maxConcurrentUpgrades,
      })) {
        this.violate(violation);
      }
    }
  }
}

function forget(server: ApiServer, { kind, after, before, by }: Change): void {
  const installation = (after ?? before)?.metadata.labels?.[LABEL.installation];
  const isOperators = by === FIELD_MANAGER || by === MARKER;
  if (isOperators && kind !== KINDS.ProviderInstallation && installation !== undefined) {
    wipeStatus(server, installation);
  }
}

function clockTime(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}
