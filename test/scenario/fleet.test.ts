import { expect, it } from 'vitest';
import { inTurn } from '../../src/reconcile/turns.ts';
import { release } from '../support/builders.ts';
import { KINDS } from './cluster/kinds.ts';
import { Narrator } from './narrator/narrator.ts';
import { versionOf } from './simulation/people/deployments.ts';
import { triggerOf } from './simulation/oracles/records.ts';
import { changeContainer, edit, install, publish, restart } from './simulation/people/people.ts';
import { Simulation } from './simulation/simulation.ts';
import { loseNextAnswer, passUntold } from './simulation/untold.ts';

/** Only `maxConcurrentUpgrades` automatic rollouts, here 1, may be under way at once, even if answers or events are lost. */

/** A simulation with two installations that have the policy `auto` and are at rest. */
async function twoInstalled(): Promise<Simulation> {
  const simulation = new Simulation({ seed: 1, isOrderly: true });
  publish(simulation.server, '1.0.0');
  ['web', 'db'].forEach((name) => install(simulation.server, name, { upgradePolicy: 'auto' }));
  await simulation.rest();
  return simulation;
}

/** Lets `ms` milliseconds pass in which the option named `held` does not happen. */
async function passWithout(simulation: Simulation, held: string, ms: number): Promise<void> {
  const until = simulation.clock.now() + ms;
  while (simulation.clock.now() < until) {
    const all = [...simulation.ownOptions(), ...simulation.clusterOptions()];
    const options = all.filter(({ name }) => name !== held);
    await (options.length > 0 ? simulation.step(options) : simulation.advance(1_000));
  }
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

it('a rollout whose write got no answer keeps its place, whatever else is to be written first', async () => {
  const simulation = await twoInstalled();
  const { server } = simulation;
  const [first = ''] = inTurn(['shop/web', 'shop/db']);
  changeContainer(server, first.replace('shop/', ''), { image: 'registry.example.com/evil:1' });
  loseNextAnswer(simulation);
  publish(server, '1.0.0', '1.1.0');
  while (simulation.onWrite) {
    await passUntold(simulation, 1);
  }
  // This event still shows the Deployment as it was before the write.
  await simulation.step(simulation.ownOptions().filter(({ name }) => name === 'send deployments.apps'));
  await passUntold(simulation, 60);
  await simulation.rest();
  await simulation.stopOperator();

  expect(simulation.violations).toEqual([]);
  expect(begun(simulation).length).toBe(2);
});

it('what fails by the deadline keeps its place until that is marked, however long the write takes', async () => {
  const simulation = await twoInstalled();
  const { server } = simulation;
  publish(server, '1.0.0', release('1.1.0', { image: 'registry.example.com/acme/never-ready:1.1.0' }));
  await passWithout(simulation, '', 30_000);
  const [first = '', ...others] = begun(simulation);
  await passWithout(simulation, `carry out Apply controllerrevisions.apps "shop/${first}-2"`, 110_000);

  expect(
    simulation.process?.requests.map(({ call }) => call.doing),
    'the mark is on its way',
  ).toHaveLength(1);
  expect([others, begun(simulation)]).toEqual([[], [first]]);
});

it('what was done holds no place any more when somebody restarts its pods', async () => {
  const story = new Narrator({ title: 'restarted', config: { maxConcurrentUpgrades: 1 } });
  const { server, simulation } = story;
  const [first = '', second = ''] = inTurn(['shop/web', 'shop/db']).map((key) => key.replace('shop/', ''));
  await story.when('publishes and installs two', () => {
    publish(server, '1.0.0');
    ['web', 'db'].forEach((name) => install(server, name, { upgradePolicy: 'auto' }));
  });
  await story.pass('1m');
  await story.when('suspends one and publishes 1.1.0', () => {
    edit(server, second, { suspend: true });
    publish(server, '1.0.0', '1.1.0');
  });
  await story.pass('1h');
  // The quota allows no new pods, so the restart goes on until its deadline.
  simulation.deployments.quota = server.list(KINDS.Pod).length;
  await story.when('kubectl rollout restart', () => restart(server, first));
  await story.pass('5s');
  await story.when('lets the other go on', () => edit(server, second, { suspend: false }));
  await story.pass('10s');

  expect(server.list(KINDS.Deployment).map(versionOf)).toEqual(['1.1.0', '1.1.0']);
  await story.end();
});
