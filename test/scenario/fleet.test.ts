import { expect, it } from 'vitest';
import { inTurn } from '../../src/reconcile/fleet.ts';
import { KINDS } from './cluster/kinds.ts';
import { triggerOf } from './simulation/records.ts';
import { changeContainer, install, publish } from './simulation/people.ts';
import { Simulation } from './simulation/simulation.ts';
import { loseNextAnswer, passUntold } from './simulation/untold.ts';

/** No more begin by themselves at once than the platform team allows, here one, whatever happens to what is said of them. */

/** Two installations under automation that are at rest. */
async function twoInstalled(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, isOrderly: true });
  publish(simulation.server, '1.0.0');
  ['web', 'db'].forEach((name) => install(simulation.server, name, { upgradePolicy: 'auto' }));
  await simulation.rest();
  return simulation;
}

function begun({ server }: Simulation): string[] {
  const unasked = server.list(KINDS.Deployment).filter((d) => triggerOf(server, d) === 'Policy');
  return unasked.map(({ metadata }) => metadata.name);
}

it('a rollout that is found to have begun keeps its place, although its watch lags', async () => {
  const simulation = await twoInstalled();
  loseNextAnswer(simulation);
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
  loseNextAnswer(simulation);
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
