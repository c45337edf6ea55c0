import type { Logger } from 'pino';
import type { Transport } from '../cluster/transport.ts';
import type { Clock } from '../controller/clock.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import type { Caches } from '../reconcile/caches.ts';

/** What the REST API is made of: what the operator sees, and two ways to the API server. */
export interface RestPorts {
  readonly caches: Caches;
  readonly config: OperatorConfig;
  /** Those that are seen; empty: all. */
  readonly namespaces: readonly string[];
  /** Asks in the name of this process: whose a token is, and what its owner may do. */
  readonly transport: Transport;
  /** Has no identity of its own: each request brings the token of its caller. */
  readonly callersTransport: Transport;
  readonly kubernetesVersion: () => string | undefined;
  readonly mayGenerate: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each answer; must not throw. */
  readonly onAnswered: (answered: Answered) => void;
}

interface Answered {
  readonly method: string;
  /** Its pattern, such as `/providers/:org/:name`; empty where there is none. */
  readonly route: string;
  readonly code: number;
  readonly seconds: number;
}
