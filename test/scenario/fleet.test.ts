import { expect, it } from 'vitest';
import { ApiError } from '../../src/cluster/errors.ts';
import { inTurn } from '../../src/reconcile/fleet.ts';
import { KINDS } from './cluster/kinds.ts';
import { triggerOf } from './simulation/attempts.ts';
import { changeContainer, install, publish } from './simulation/people.ts';
import type { InFlight } from './simulation/process.ts';
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

/** The next rollout that begins does so with an answer that says nothing of it. */
function loseNextBeginning(simulation: Simulation): void {
  const { process, exchange } = simulation;
  simulation.onWrite = () => {
    const isDeployment = ({ call }: InFlight) => call.method === 'PATCH' && call.resource === 'deployments.apps';
    const begins = process?.requests.find((r) => isDeployment(r) && r.outcome !== undefined);
    if (process && begins) {
      simulation.onWrite = undefined;
      exchange.lose(process, begins, ApiError.unanswered(begins.call.doing, new Error('ECONNRESET')), true);
    }
  };
}

it('a rollout that is found to have begun keeps its place, although its watch lags', async () => {
  const simulation = await twoInstalled();
  loseNextBeginning(simulation);
  publish(simulation.server, '1.0.0', '1.1.0');
  await passUntold(simulation, 60);
  const first = begun(simulation);
  await simulation.rest();
  await simulation.stopOperator();

  expect(simulation.violations).toEqual([]);
  expect([first.length, begun(simulation).length]).toEqual([1, 2]);
});

it('and keeps it until then, whatever else is to be written first', async () => {
  const simulation = await twoInstalled();
  const { server } = simulation;
  const [first = ''] = inTurn(['shop/web', 'shop/db']);
  changeContainer(server, first.replace('shop/', ''), { image: 'registry.example.com/evil:1' });
  loseNextBeginning(simulation);
  publish(server, '1.0.0', '1.1.0');
  while (simulation.onWrite) {
    await passUntold(simulation, 1);
  }
  // What is told by now is what was there before.
  await simulation.step(simulation.ownOptions().filter(({ name }) => name === 'send deployments.apps'));
  await passUntold(simulation, 60);
  await simulation.rest();
  await simulation.stopOperator();

  expect(simulation.violations).toEqual([]);
  expect(begun(simulation).length).toBe(2);
});
