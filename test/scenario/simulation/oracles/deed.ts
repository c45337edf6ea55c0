import type { ApiServer, Change } from '../../cluster/server.ts';
import type { InFlight, OperatorProcess } from '../process/process.ts';

/** A write of an operator at the moment when it is carried out. */
export interface Deed {
  readonly change: Change;
  readonly server: ApiServer;
  readonly process: OperatorProcess;
  readonly request: InFlight;
  readonly now: number;
  /** How many rollouts that nobody asked for may be under way at once. */
  readonly mostAtOnce: number;
}
