import { OperatorConfig } from '../../../src/api/operator-config.ts';
import { FIELD_MANAGER, MARKER } from '../../../src/api/names.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiServer, Change } from '../cluster/server.ts';
import { isReadyPod, podsInWords } from './pods.ts';
import { elapsed, wallClock } from './time.ts';
import { statusInWords, summaryOf } from './status.ts';
import { writeInWords } from './writes.ts';
import { Simulation } from '../simulation/simulation.ts';

export interface NarratorOptions {
  readonly title: string;
  /** When the story starts, in RFC 3339. */
  readonly startsAt?: string;
  /** The time zone in which the transcript shows the local time as well; absent: it shows none. */
  readonly timeZone?: string;
  readonly config?: Parameters<typeof OperatorConfig.parse>[0];
}

const SECOND = 1_000;
const UNITS = { s: SECOND, m: 60 * SECOND, h: 3_600 * SECOND } as const;
const COLUMN = 13;

/**
 * Writes a transcript of what the real operator does to a cluster in which nothing goes wrong except what the story says:
 * who did what and when, what the operator wrote, the conditions, the events and the state of the pods.
 */
export class Narrator {
  readonly simulation: Simulation;
  readonly #lines: string[] = [];
  readonly #timeZone: string | undefined;
  readonly #startedAt: number;
  #toldAt = '';
  #pods = '';
  #fewestReady: number | undefined;
  #isSettled = false;

  constructor({ title, startsAt, timeZone, config = {} }: NarratorOptions) {
    this.simulation = new Simulation({
      seed: 1,
      isOrderly: true,
      config: OperatorConfig.parse(config),
      mostSteps: Infinity,
      ...(startsAt !== undefined && { startsAt: Date.parse(startsAt) }),
    });
    this.#startedAt = this.simulation.clock.now();
    this.#timeZone = timeZone;
    this.#lines.push(title, '');
    this.simulation.server.onChange((change) => this.#hear(change));
  }

  get server(): ApiServer {
    return this.simulation.server;
  }

  /** The fewest pods that were ready at any moment since the first rollout was done. */
  get fewestReady(): number | undefined {
    return this.#fewestReady;
  }

  /** Tells that somebody does `what`, does it, and tells what follows from it at once. */
  async when(what: string, act: (server: ApiServer) => void): Promise<void> {
    this.#tell(`* ${what}`);
    act(this.server);
    await this.pass('0s');
  }

  /** Lets time pass: `90s`, `10m`, `6h`. */
  async pass(duration: `${number}${keyof typeof UNITS}`): Promise<void> {
    const unit = duration.at(-1) as keyof typeof UNITS;
    const end = this.simulation.clock.now() + Number.parseFloat(duration) * UNITS[unit];
    for (;;) {
      if (!this.simulation.process) {
        this.simulation.startOperator();
        await this.simulation.drain();
      }
      const options = [...this.simulation.ownOptions(), ...this.simulation.clusterOptions()];
      const left = end - this.simulation.clock.now();
      if (options.length > 0) {
        await this.simulation.step(options);
      } else if (left > 0) {
        this.#tellPods();
        await this.simulation.advance(left);
      } else {
        this.#tellPods();
        return;
      }
    }
  }

  /** Stops the operator and returns the transcript, with a summary of each installation at the end. */
  async end(): Promise<string> {
    await this.simulation.stopOperator();
    const summaries = this.server.list(KINDS.ProviderInstallation).flatMap(summaryOf);
    const fewest = this.#fewestReady === undefined ? [] : [`Fewest ready pods since the install: ${this.#fewestReady}`];
    return [...this.#lines, '', ...summaries, ...fewest, ...this.simulation.violations, ''].join('\n');
  }

  #hear(change: Change): void {
    if (change.kind === KINDS.Pod) {
      this.#countReady();
    } else if (change.by === FIELD_MANAGER || change.by === MARKER) {
      const words =
        change.kind === KINDS.ProviderInstallation ? statusInWords(change, this.#startedAt) : writeInWords(change);
      words.forEach((line) => this.#tell(line));
      this.#isSettled ||= words.some((line) => line.trim().startsWith('Ready=True'));
      this.#countReady();
    }
  }

  #countReady(): void {
    if (this.#isSettled) {
      const ready = this.server.list(KINDS.Pod).filter(isReadyPod).length;
      this.#fewestReady = Math.min(this.#fewestReady ?? ready, ready);
    }
  }

  #tellPods(): void {
    const words = podsInWords(this.server);
    if (words !== this.#pods) {
      this.#pods = words;
      this.#tell(words);
    }
  }

  #tell(what: string): void {
    const now = this.simulation.clock.now();
    const at = elapsed(now - this.#startedAt);
    if (at !== this.#toldAt && this.#timeZone !== undefined) {
      this.#lines.push(`${' '.repeat(COLUMN)}— ${wallClock(now, this.#timeZone)}`);
    }
    this.#lines.push(`${(at === this.#toldAt ? '' : at).padStart(COLUMN - 2)}  ${what}`);
    this.#toldAt = at;
  }
}
