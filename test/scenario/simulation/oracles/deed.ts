import type { ApiServer, Change } from '../../cluster/server.ts';
import type { InFlight, OperatorProcess } from '../process/process.ts';

/** A write of an operator, when it is carried out. */
export interface Deed {
  readonly change: Change;
  readonly server: ApiServer;
  readonly process: OperatorProcess;
  readonly request: InFlight;
  readonly now: number;
  /** Rollouts that may be under way without anybody having asked for them. */
  readonly mostAtOnce: number;
}
