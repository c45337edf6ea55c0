import { findCondition } from '../../../src/api/conditions.ts';
import type { InstallationSpec } from '../../../src/api/installation.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiObject } from '../cluster/object.ts';
import { keyOf, type ApiServer } from '../cluster/server.ts';
import { dataOf, headOf, newestProven } from './oracles/records.ts';
import { changeContainer, edit, scale, specOf, statusOf } from './people/people.ts';
import type { Simulation } from './simulation.ts';

/** A mistake in the wish switches off no protection of what runs: it is healed as under any other wish. */

const of = (name: string) => [{ name: 'LEVEL', configMapKeyRef: { name, key: 'level' } }];

const FAULTS: readonly Partial<InstallationSpec>[] = [
  { upgrade: { range: '>=1.0, <2.0' } },
  { configFrom: of('gone') },
  { version: '9.9.9' },
  { version: '1.0.0', config: { GREETING: 'another' } },
  { systemSoftware: [{ name: 'nothing' }] },
];

const DAMAGES: readonly ((server: ApiServer, name: string) => void)[] = [
  (server, name) => changeContainer(server, name, { image: 'registry.example.com/evil:1' }),
  (server, name) => scale(server, name, 4),
  (server, name) => server.remove(KINDS.Deployment, `shop/${name}`, 'intruder'),
  (server, name) => server.remove(KINDS.Service, `shop/${name}`, 'intruder'),
];

/** At the end of a seed, so that what came before it stays the same. */
export async function damageUnderFault(simulation: Simulation): Promise<void> {
  const { server, random } = simulation;
  const running = server
    .list(KINDS.ProviderInstallation)
    .filter((i) => isDone(server, i) && server.get(KINDS.Service, keyOf(i.metadata)));
  for (const { metadata } of running) {
    edit(server, metadata.name, random.pick(FAULTS));
  }
  await simulation.rest();
  for (const { metadata } of running) {
    random.pick(DAMAGES)(server, metadata.name);
  }
  await simulation.rest();
  for (const { metadata } of running) {
    const installation = server.get(KINDS.ProviderInstallation, keyOf(metadata));
    const damage = installation && damageOf(server, installation);
    if (damage !== undefined) {
      simulation.violate(damage);
    }
  }
}

function isDone(server: ApiServer, { metadata }: ApiObject): boolean {
  return (
    server.get(KINDS.Deployment, keyOf(metadata)) !== undefined &&
    newestProven(server, keyOf(metadata), metadata.uid) > 0
  );
}

function damageOf(server: ApiServer, installation: ApiObject): string | undefined {
  const key = keyOf(installation.metadata);
  const { reason } = findCondition(statusOf(installation).conditions, 'Ready') ?? {};
  const deployment = server.get(KINDS.Deployment, key);
  const recorded = deployment && dataOf(headOf(server, deployment))?.deployment.spec;
  const lack = recorded ? lackOf(deployment['spec'], recorded) : 'there is no Deployment with a record';
  const fault = server.get(KINDS.Service, key) ? lack : 'there is no Service';
  return fault === undefined || specOf(installation).suspend === true
    ? undefined
    : `${key} is not healed while it is ${reason}: ${fault}`;
}

/** The first field that is not as it was applied. */
function lackOf(is: unknown, applied: unknown, path = 'spec'): string | undefined {
  if (typeof applied !== 'object' || applied === null) {
    const isSame = is === applied || (applied === '' && is === undefined);
    return isSame ? undefined : `${path} is ${JSON.stringify(is)} instead of ${JSON.stringify(applied)}`;
  }
  const member = (name: string) => (is as Record<string, unknown> | undefined)?.[name];
  return Object.entries(applied)
    .map(([name, value]) => lackOf(member(name), value, `${path}.${name}`))
    .find((lack) => lack !== undefined);
}
