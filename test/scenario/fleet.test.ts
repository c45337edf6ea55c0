import { expect, it } from 'vitest';
import { ApiError } from '../../src/cluster/errors.ts';
import { KINDS } from './cluster/kinds.ts';
import { triggerOf } from './simulation/attempts.ts';
import { install, publish } from './simulation/people.ts';
import { Simulation } from './simulation/simulation.ts';

/** No more begin by themselves at once than the platform team allows, here one, whatever happens to what is said of them. */

/** Two installations under automation that are at rest. */
async function twoInstalled(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, isOrderly: true });
  publish(simulation.server, '1.0.0');
  ['web', 'db'].forEach((name) => install(simulation.server, name, { upgradePolicy: 'auto' }));
  await simulation.rest();
  return simulation;
}

/** Time goes by in which what happens to Deployments is told to nobody. */
async function passUntold(simulation: Simulation, steps: number): Promise<void> {
  for (let step = 0; step < steps; step += 1) {
    const options = simulation.ownOptions().filter(({ name }) => name !== 'send deployments.apps');
    await (options.length > 0 ? simulation.step(options) : simulation.advance(1_000));
  }
}

function begun({ server }: Simulation): string[] {
  const unasked = server.list(KINDS.Deployment).filter((d) => triggerOf(d) === 'Policy');
  return unasked.map(({ metadata }) => metadata.name);
}

it('a rollout that is found to have begun keeps its place, although its watch lags', async () => {
  const simulation = await twoInstalled();
  const { process, exchange, server } = simulation;
  simulation.onWrite = () => {
    const begins = process?.requests.find(
      ({ call }) => call.method === 'PATCH' && call.resource === 'deployments.apps',
    );
    if (process && begins?.outcome) {
      simulation.onWrite = undefined;
      exchange.lose(
        process,
        begins,
        ApiError.refused(begins.call.doing, { status: 500, body: { kind: 'Status' } }),
        true,
      );
    }
  };
  publish(server, '1.0.0', '1.1.0');
  await passUntold(simulation, 60);
  const first = begun(simulation);
  await simulation.rest();
  await simulation.stopOperator();

  expect(simulation.violations).toEqual([]);
  expect([first.length, begun(simulation).length]).toEqual([1, 2]);
});
