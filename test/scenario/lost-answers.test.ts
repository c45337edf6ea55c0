import { expect, it } from 'vitest';
import { KINDS } from './cluster/kinds.ts';
import { install, publish, statusOf, yank } from './simulation/people/people.ts';
import { Simulation } from './simulation/simulation.ts';
import { loseNextAnswer, passUntold } from './simulation/untold.ts';

it('nothing is said of a Deployment whose write got no answer before it was looked at', async () => {
  const simulation = new Simulation({ seed: 1, isOrderly: true });
  const { server } = simulation;
  publish(server, '1.0.0');
  install(server, 'web', { upgradePolicy: 'auto' });
  await simulation.rest();
  loseNextAnswer(simulation);
  publish(server, '1.0.0', '1.1.0');
  await passUntold(simulation, 12);
  yank(server, '1.1.0');
  await passUntold(simulation, 60);
  const ready = () =>
    statusOf(server.get(KINDS.ProviderInstallation, 'shop/web')!).conditions?.find(({ type }) => type === 'Ready');
  const untold = ready();
  await simulation.rest();
  await simulation.stopOperator();

  expect(simulation.violations).toEqual([]);
  expect(untold?.status).toBe('Unknown');
  expect(ready()?.message).toMatch(/^Runs 1\.0\.0/);
});
