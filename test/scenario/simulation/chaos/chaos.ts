import semver from 'semver';
import { LABEL } from '../../../../src/api/names.ts';
import type { Release } from '../../../../src/api/provider.ts';
import { release } from '../../../support/builders.ts';
import { KINDS } from '../../cluster/kinds.ts';
import { FATES } from '../../cluster/pod.ts';
import { keyOf, type ApiServer } from '../../cluster/server.ts';
import { WINDOWS } from '../people/automation.ts';
import { CHILD_KINDS } from '../oracles/outcome.ts';
import {
  addStranger,
  bad,
  changeContainer,
  clearOwners,
  configure,
  disown,
  earlierDeployment,
  edit,
  install,
  publish,
  published,
  relabel,
  replace,
  restart,
  STRANGERS,
  retry,
  scale,
  specOf,
  undo,
  wipeStatus,
  wishRestart,
  yank,
  type Wish,
} from '../people/people.ts';
import type { Random } from '../random.ts';
import type { Option, Simulation } from '../simulation.ts';
import {
  anyNeeds,
  firstWish,
  isBounded,
  LAST_NEEDS,
  lastSoftware,
  lastWish,
  publishingSoftware,
  softwareWishes,
  stockSoftware,
} from './software-chaos.ts';

const NAMES = ['web', 'db'];
const TIERS = ['free', 'standard', 'performance'] as const;
const SETTINGS = { name: 'LEVEL', configMapKeyRef: { name: 'settings', key: 'level' } };

/** Optional, so that nothing waits for it: what is required has stories of its own. */
const ASKS = { userInputs: [{ name: 'title', dataType: 'text' as const }] };
const answer = (value: string): Wish => ({ userInputs: [{ name: 'title', value }] });

/** Puts the first objects into the cluster, before the chaos begins. */
export function prepare({ server, random }: Simulation): void {
  configure(server, 'settings', { level: 'info' });
  stockSoftware(server);
  const needs = { ...anyNeeds(server, random, true), ...anyAsks(random) };
  publish(server, random.chance(0.1) ? bad('1.0.0', random.pick(FATES), needs) : release('1.0.0', needs));
  NAMES.slice(0, random.chance(0.3) ? 1 : 2).forEach((name) => install(server, name, anyWish(random)));
}

function anyWish(random: Random): Wish {
  return {
    upgradePolicy: random.pick(['auto', 'auto', 'manual'] as const),
    resourceTier: random.pick(TIERS),
    ...(random.chance(0.5) && { config: { GREETING: random.pick(['hello', 'a $(B)', '']) } }),
    ...(random.chance(0.3) && { configFrom: [SETTINGS] }),
    ...(random.chance(0.2) && { upgrade: { windows: WINDOWS } }),
    ...firstWish(random),
  };
}

/** The changes that publishers and tenants may make next. */
export function wishOptions(simulation: Simulation): Option[] {
  const { server, random, deployments } = simulation;
  const releases = published(server);
  const versions = releases.map((r) => r.version);
  const publishing: Option[] = [
    { weight: 8, name: 'a release is published', run: () => publish(server, ...releases, nextRelease(server, random)) },
    { weight: 1, name: 'the last release is yanked', run: () => yank(server, releases.at(-1)!.version) },
    { weight: 0.5, name: 'all is to be tried again', run: () => retry(server, String(random.below(1_000))) },
    {
      weight: 0.7,
      name: 'the quota is used up',
      run: () => (deployments.quota = server.list(KINDS.Pod).length),
    },
    {
      weight: deployments.quota === Infinity ? 0 : 2,
      name: 'the quota is raised',
      run: () => (deployments.quota = Infinity),
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
    ...publishingSoftware(simulation),
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
      { weight: 1, what: 'what does not work', wish: { config: { GREETING: random.pick(FATES) } } },
      { weight: 0.5, what: 'another title', wish: answer(random.pick(['A', '$(B)', ''])) },
      { weight: 0.3, what: 'no title', wish: { userInputs: [] } },
      { weight: 0.3, what: 'a title that does not work', wish: answer(random.pick(FATES)) },
      ...softwareWishes(simulation),
      ...anyLimits(version).map((upgrade) => ({
        weight: 0.3,
        what: `upgrade ${JSON.stringify(upgrade)}`,
        wish: { upgrade },
      })),
    ];
    return [
      ...wishes.map(({ weight, what, wish }) => ({
        weight,
        name: `${name} wants ${what}`,
        run: () => edit(server, name, wish),
      })),
      {
        weight: 1,
        name: `${name} is to be tried again`,
        run: () => retry(server, String(random.below(1_000)), name),
      },
      {
        weight: 1,
        name: `${name} is to have new pods`,
        run: () => wishRestart(server, name, String(random.below(3))),
      },
      {
        weight: 0.5,
        name: `${name} is to have new pods no more`,
        run: () => wishRestart(server, name, undefined),
      },
      {
        weight: 0.5,
        name: `${name} is deleted`,
        run: () => server.remove(KINDS.ProviderInstallation, `shop/${name}`, 'tenant'),
      },
    ];
  });
  return [...publishing, ...tenants];
}

function anyAsks(random: Random): Partial<Release> {
  return random.chance(0.5) ? ASKS : {};
}

function anyLimits(version: string): NonNullable<Wish['upgrade']>[] {
  return [
    {},
    { windows: WINDOWS },
    { skipVersions: [version] },
    { minReleaseAge: '2m' },
    { level: 'patch' },
    { level: 'major' },
    { rollback: { enabled: false } },
    { rollback: { progressDeadlineSeconds: 130, stableSeconds: 30 } },
  ];
}

function nextRelease(server: ApiServer, random: Random): Release {
  const version = semver.inc(highest(server), random.pick(['patch', 'minor'] as const))!;
  const servicePort = random.pick([80, 80, 8000]);
  const runtime = { ports: [{ name: 'http', containerPort: 8080, servicePort }] };
  // No stepping stone is breaking: automation may not take a breaking release, and no path leads around a stepping stone.
  const advice = random.pick([{}, {}, {}, {}, { required: true }, { breaking: { note: 'changes' } }]);
  const more = { runtime, ...advice, ...anyNeeds(server, random, 'required' in advice), ...anyAsks(random) };
  return random.chance(0.5) ? bad(version, random.pick(FATES), more) : release(version, more);
}

/** The highest version that was ever published, because no version is used twice. */
function highest(server: ApiServer): string {
  return everPublished(server)
    .map((r) => r.version)
    .reduce((a, b) => (semver.gt(a, b) ? a : b));
}

/** All releases that were ever published, each in its last form, lowest version first. */
function everPublished(server: ApiServer): Release[] {
  const ever = server.history
    .filter(({ kind }) => kind === KINDS.Provider)
    .flatMap(({ object }) => (object['spec'] as { versions: readonly Release[] }).versions);
  const last = new Map(ever.map((release) => [release.version, release]));
  return [...last.values()].sort((a, b) => semver.compare(a.version, b.version));
}

/** The changes that others may make to the children. */
export function driftOptions(simulation: Simulation): Option[] {
  const { server, random, deployments } = simulation;
  return NAMES.flatMap((name): Option[] => {
    const key = `shop/${name}`;
    const present = CHILD_KINDS.filter((kind) => server.get(kind, key));
    const anyChild = present.flatMap((kind): Option[] => [
      { weight: 0.4, name: `${kind.plural} ${name} is deleted`, run: () => server.remove(kind, key, 'intruder') },
      { weight: 0.2, name: `${kind.plural} ${name} is replaced`, run: () => replace(server, kind, name) },
      { weight: 0.2, name: `nobody owns ${kind.plural} ${name}`, run: () => clearOwners(server, kind, name) },
      { weight: 0.2, name: `${kind.plural} ${name} is disowned`, run: () => disown(server, kind, name) },
      {
        weight: 0.2,
        name: `${kind.plural} ${name} loses a label`,
        run: () => relabel(server, kind, name, random.pick([LABEL.installation, LABEL.provider, LABEL.rollout])),
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
      {
        weight: 0.5,
        name: `${name} gets something more`,
        run: () => addStranger(server, name, random.pick(STRANGERS)),
      },
      {
        weight: earlierDeployment(server, key) ? 0.3 : 0,
        name: `${name} is rolled back`,
        run: () => undo(server, name),
      },
      { weight: 1.5, name: `a pod of ${name} stumbles`, run: () => deployments.disturb(key) },
      { weight: 0.5, name: `${name} is restarted`, run: () => restart(server, name) },
      { weight: 0.5, name: `the status of ${name} is wiped`, run: () => wipeStatus(server, name) },
      { weight: 0.3, name: `a record of ${name} is deleted`, run: () => removeRecord(simulation, name) },
    ];
  });
}

/** Deletes one of the records of an installation, chosen at random. */
function removeRecord({ server, random }: Simulation, name: string): void {
  const records = server.list(KINDS.ControllerRevision).filter(({ metadata }) => metadata.name.startsWith(`${name}-`));
  if (records.length > 0) {
    server.remove(KINDS.ControllerRevision, keyOf(random.pick(records).metadata), 'intruder');
  }
}

/**
 * Makes the last wishes and returns the last version. The wishes can be granted whatever became of the installations, so
 * it is known what must run in the end.
 */
export function lastWord({ server, random, deployments }: Simulation): string {
  const last = semver.inc(highest(server), 'minor')!;
  configure(server, 'settings', { level: 'warn' });
  deployments.quota = Infinity;
  // Releases that were taken back are published again: without its release a deleted Deployment cannot be made again.
  const installations = server.list(KINDS.ProviderInstallation);
  const isStuck = installations.some((i) => specOf(i).upgrade?.rollback?.enabled === false);
  // Without rollback a release that failed is not tried again, so it must not be required on the path. What is breaking is crossed
  // by nobody who names no version, so it breaks nothing any more.
  publish(
    server,
    ...everPublished(server).map(({ required, breaking: _, ...r }) => (required && !isStuck ? { ...r, required } : r)),
  );
  // A release that does not work may be a stepping stone to one that does, so it is yanked.
  published(server)
    .filter(isBad)
    .forEach(({ version }) => yank(server, version));
  lastSoftware(server);
  const isNeeded = random.chance(0.6);
  const ofSoftware = { isNeeded, isBounded: published(server).some(isBounded), random };
  publish(server, ...published(server), release(last, { ...ASKS, ...(isNeeded && LAST_NEEDS) }));
  // A release that works may have failed because the quota had no room.
  retry(server, 'at last');
  for (const { metadata, ...installation } of installations) {
    const wish = installation['spec'] as Wish;
    const { upgradePolicy, config, userInputs } = wish;
    edit(server, metadata.name, {
      suspend: undefined,
      upgrade: undefined,
      version: upgradePolicy === 'manual' ? last : undefined,
      systemSoftware: lastWish(wish, ofSoftware),
      config: FATES.some((fate) => fate === config?.['GREETING']) ? { GREETING: 'at last' } : config,
      userInputs: userInputs?.some(({ value }) => FATES.some((fate) => fate === value))
        ? answer('at last').userInputs
        : userInputs,
    });
  }
  return last;
}

function isBad({ image }: Release): boolean {
  return FATES.some((fate) => image.includes(fate));
}
