import semver from 'semver';
import { LABEL } from '../../../src/api/names.ts';
import type { Release } from '../../../src/api/provider.ts';
import { release } from '../../support/builders.ts';
import { NEVER_READY } from '../cluster/deployment-controller.ts';
import { KINDS } from '../cluster/kinds.ts';
import type { ApiServer } from '../cluster/server.ts';
import { CHILD_KINDS } from './outcome.ts';
import {
  changeContainer,
  configure,
  disown,
  edit,
  install,
  publish,
  published,
  relabel,
  replace,
  scale,
  specOf,
  undo,
  type Wish,
} from './people.ts';
import type { Random } from './random.ts';
import type { Option, Simulation } from './simulation.ts';

const NAMES = ['web', 'db'];
const TIERS = ['free', 'standard', 'performance'] as const;
const SETTINGS = { name: 'LEVEL', configMapKeyRef: { name: 'settings', key: 'level' } };

/** The cluster as the chaos finds it. */
export function prepare({ server, random }: Simulation): void {
  configure(server, 'settings', { level: 'info' });
  publish(server, '1.0.0');
  NAMES.slice(0, 1 + random.below(2)).forEach((name) => install(server, name, anyWish(random)));
}

function anyWish(random: Random): Wish {
  return {
    upgradePolicy: random.pick(['auto', 'manual'] as const),
    resourceTier: random.pick(TIERS),
    ...(random.chance(0.5) && { config: { GREETING: random.pick(['hello', 'a $(B)', '']) } }),
    ...(random.chance(0.3) && { configFrom: [SETTINGS] }),
  };
}

/** What publishers and tenants may do next. */
export function wishOptions({ server, random }: Simulation): Option[] {
  const releases = published(server);
  const versions = releases.map((r) => r.version);
  const publishing: Option[] = [
    { weight: 2, name: 'a release is published', run: () => publish(server, ...releases, nextRelease(server, random)) },
    {
      weight: 0.5,
      name: 'the last release is yanked',
      run: () => publish(server, ...releases.slice(0, -1), yanked(releases.at(-1)!)),
    },
    {
      weight: releases.length > 1 ? 0.5 : 0,
      name: 'the last release is taken back',
      run: () => publish(server, ...releases.slice(0, -1)),
    },
    {
      weight: 1,
      name: 'the settings are changed',
      run: () => configure(server, 'settings', { level: random.pick(['info', 'debug']) }),
    },
  ];
  const tenants = NAMES.flatMap((name): Option[] => {
    const installation = server.get(KINDS.ProviderInstallation, `shop/${name}`);
    if (!installation) {
      return [{ weight: 1, name: `${name} is installed`, run: () => install(server, name, anyWish(random)) }];
    }
    const { suspend, config } = specOf(installation);
    const version = random.pick(versions);
    const wishes: readonly {
      readonly weight: number;
      readonly what: string;
      readonly wish: Parameters<typeof edit>[2];
    }[] = [
      { weight: 1, what: 'another configuration', wish: { config: { GREETING: random.pick(['A', 'B']) } } },
      { weight: 0.5, what: 'no configuration', wish: { config: config ? undefined : {} } },
      { weight: 1, what: 'another tier', wish: { resourceTier: random.pick(TIERS) } },
      { weight: 1, what: 'the manual policy', wish: { upgradePolicy: 'manual' } },
      { weight: 1, what: 'the automatic policy', wish: { upgradePolicy: 'auto' } },
      { weight: 1, what: `version ${version}`, wish: { version } },
      { weight: 0.5, what: 'no version', wish: { version: undefined } },
      { weight: 0.5, what: `consent to ${version}`, wish: { version, upgrade: { allowDowngradeTo: version } } },
      { weight: suspend ? 2 : 0.3, what: suspend ? 'to go on' : 'to be left alone', wish: { suspend: !suspend } },
      { weight: 0.3, what: 'the settings', wish: { configFrom: [SETTINGS] } },
    ];
    return [
      ...wishes.map(({ weight, what, wish }) => ({
        weight,
        name: `${name} wants ${what}`,
        run: () => edit(server, name, wish),
      })),
      {
        weight: 0.5,
        name: `${name} is deleted`,
        run: () => server.remove(KINDS.ProviderInstallation, `shop/${name}`, 'tenant'),
      },
    ];
  });
  return [...publishing, ...tenants];
}

function nextRelease(server: ApiServer, random: Random): Release {
  const version = semver.inc(highest(server), random.pick(['patch', 'minor'] as const))!;
  const servicePort = random.pick([80, 80, 8000]);
  const runtime = { ports: [{ name: 'http', containerPort: 8080, servicePort }] };
  if (random.chance(0.2)) {
    return release(version, { runtime, image: `registry.example.com/acme/web:${version}-${NEVER_READY}` });
  }
  return release(version, { runtime, ...(random.chance(0.15) && { breaking: { note: 'changes' } }) });
}

/** Of all that ever were: a version is used once. */
function highest(server: ApiServer): string {
  const ever = server.history
    .filter(({ kind }) => kind === KINDS.Provider)
    .flatMap(({ object }) => (object['spec'] as { versions: readonly Release[] }).versions.map((r) => r.version));
  return ever.reduce((a, b) => (semver.gt(a, b) ? a : b));
}

function yanked(last: Release): Release {
  return { ...last, lifecycle: { stage: 'yanked' } };
}

/** What others may do to the children. */
export function driftOptions({ server, random, deployments }: Simulation): Option[] {
  return NAMES.flatMap((name): Option[] => {
    const key = `shop/${name}`;
    const present = CHILD_KINDS.filter((kind) => server.get(kind, key));
    const anyChild = present.flatMap((kind): Option[] => [
      { weight: 0.4, name: `${kind.plural} ${name} is deleted`, run: () => server.remove(kind, key, 'intruder') },
      { weight: 0.2, name: `${kind.plural} ${name} is replaced`, run: () => replace(server, kind, name) },
      { weight: 0.2, name: `${kind.plural} ${name} is disowned`, run: () => disown(server, kind, name) },
      {
        weight: 0.2,
        name: `${kind.plural} ${name} loses a label`,
        run: () => relabel(server, kind, name, random.pick([LABEL.managedBy, LABEL.partOf])),
      },
    ]);
    if (!server.get(KINDS.Deployment, key)) {
      return anyChild;
    }
    return [
      ...anyChild,
      { weight: 0.5, name: `${name} is scaled`, run: () => scale(server, name, 1 + random.below(4)) },
      {
        weight: 0.5,
        name: `${name} gets another image`,
        run: () => changeContainer(server, name, { image: `registry.example.com/evil:${random.below(3)}` }),
      },
      {
        weight: 0.5,
        name: `${name} gets another environment`,
        run: () => changeContainer(server, name, { env: [{ name: 'GREETING', value: 'evil' }] }),
      },
      { weight: 0.3, name: `${name} is rolled back`, run: () => undo(server, name) },
      { weight: 0.5, name: `a pod of ${name} stumbles`, run: () => deployments.disturb(key) },
    ];
  });
}

/**
 * The end of it: wishes that can be granted from whatever became of the installations, so that everybody knows what
 * there must be in the end.
 */
export function lastWord({ server }: Simulation): string {
  const last = semver.inc(highest(server), 'minor')!;
  configure(server, 'settings', { level: 'warn' });
  publish(server, ...published(server), last);
  for (const { metadata, ...installation } of server.list(KINDS.ProviderInstallation)) {
    const isManual = (installation['spec'] as Wish).upgradePolicy === 'manual';
    edit(server, metadata.name, { suspend: undefined, upgrade: undefined, version: isManual ? last : undefined });
  }
  return last;
}
