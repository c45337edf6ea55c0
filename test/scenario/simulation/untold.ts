import { ApiError } from '../../../src/cluster/errors.ts';
import type { Simulation } from './simulation.ts';

/** Lets the server carry out the next write of a Deployment, and loses the answer to the operator. */
export function loseNextAnswer(simulation: Simulation): void {
  const { process, exchange } = simulation;
  simulation.onWrite = () => {
    const write = process?.requests.find(({ call }) => call.method === 'PATCH' && call.resource === 'deployments.apps');
    if (process && write?.outcome) {
      simulation.onWrite = undefined;
      exchange.lose(process, write, ApiError.unanswered(write.call.doing, new Error('ECONNRESET')), true);
    }
  };
}

/** Does `steps` steps in which no watch event of a Deployment is sent. If there is nothing else to do, a second passes. */
export async function passUntold(simulation: Simulation, steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    const options = simulation.ownOptions().filter(({ name }) => name !== 'send deployments.apps');
    await (options.length > 0 ? simulation.step(options) : simulation.advance(1_000));
  }
}
