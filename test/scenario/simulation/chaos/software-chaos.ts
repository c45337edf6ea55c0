import semver from 'semver';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareRelease, SoftwareWish } from '../../../../src/api/software.ts';
import { softwareRelease } from '../../../support/builders.ts';
import { KINDS } from '../../cluster/kinds.ts';
import { FATES } from '../../cluster/pod.ts';
import type { ApiServer } from '../../cluster/server.ts';
import { badSoftware, publishedSoftware, publishSoftware, type Wish } from '../people/people.ts';
import type { Random } from '../random.ts';
import type { Option, Simulation } from '../simulation.ts';

/** The changes by publishers of system software, and by the tenants who run on it. */

const POLICIES = ['inherit', 'none', 'patchLevel', 'all'] as const;

/** The versions that are there at first, and work; and those that are there in the end, above all others. */
const FIRST = { php: '8.2.0', icu: '74.1.0' };
const LAST = { php: '9.0.0', icu: '80.0.0' };
type Name = keyof typeof FIRST;
const NAMES: readonly Name[] = ['php', 'icu'];

export function stockSoftware(server: ApiServer): void {
  NAMES.forEach((name) => publishSoftware(server, name, FIRST[name]));
}

/** Publishes the last version of each software, which is all that a fresh installation can have in the end. */
export function stockLastSoftware(server: ApiServer): void {
  NAMES.forEach((name) => publishSoftware(server, name, lastOf(name)));
}

function lastOf(name: Name): SoftwareRelease {
  return softwareRelease(name, LAST[name], name === 'php' ? { dependencies: [{ name: 'icu', range: '>=80' }] } : {});
}

/** Random needs of a release. Those of a stepping stone have no upper bound, so that the last version meets them. */
export function anyNeeds(server: ApiServer, random: Random, isStone: boolean): Partial<Release> {
  const version = random.pick(everPublished(server, 'php')).version;
  const range = random.pick(['*', `>=${version}`, `>=${version}`, ...(isStone ? [] : ['~8.2.0', `~${version}`])]);
  return random.chance(0.7) ? { systemSoftwareDependencies: [{ name: 'php', range }] } : {};
}

/** The needs of the last release, so that everybody has the same in the end. */
export const LAST_NEEDS: Partial<Release> = {
  systemSoftwareDependencies: [{ name: 'php', range: `>=${LAST.php}` }],
};

export function publishingSoftware({ server, random }: Simulation): Option[] {
  const php = publishedSoftware(server, 'php');
  const last = php.at(-1);
  const others = php.slice(0, -1);
  return [
    {
      weight: 7,
      name: 'a version of php is published',
      run: () => publishSoftware(server, 'php', ...php, nextVersion(server, random, 'php')),
    },
    {
      weight: 0.7,
      name: 'a version of icu is published',
      run: () =>
        publishSoftware(server, 'icu', ...publishedSoftware(server, 'icu'), nextVersion(server, random, 'icu')),
    },
    {
      weight: last ? 1.5 : 0,
      name: 'the last php is yanked',
      run: () => publishSoftware(server, 'php', ...others, { ...last!, lifecycle: { stage: 'yanked' } }),
    },
    {
      weight: last && !last.dependencies ? 0.5 : 0,
      name: 'the last php needs icu by now',
      run: () => publishSoftware(server, 'php', ...others, { ...last!, dependencies: [{ name: 'icu', range: '*' }] }),
    },
    {
      weight: others.length > 0 ? 0.5 : 0,
      name: 'the last php is taken back',
      run: () => publishSoftware(server, 'php', ...others),
    },
    {
      weight: php.length > 0 ? 0.4 : 2,
      name: php.length > 0 ? 'php is not published any more' : 'php is published again',
      run() {
        if (php.length > 0) {
          server.remove(KINDS.SystemSoftware, 'php', 'publisher');
        } else {
          publishSoftware(server, 'php', ...everPublished(server, 'php'));
        }
      },
    },
  ];
}

function nextVersion(server: ApiServer, random: Random, name: Name): SoftwareRelease {
  const highest = everPublished(server, name).at(-1)!.version;
  const version = semver.inc(highest, random.pick(['patch', 'patch', 'minor'] as const))!;
  const icu = everPublished(server, 'icu').at(-1)!.version;
  const dependencies = [{ name: 'icu', range: random.pick(['*', `>=${icu}`]) }];
  const more = name === 'php' && random.chance(0.3) ? { dependencies } : {};
  return random.chance(0.4)
    ? badSoftware(name, version, random.pick(FATES), more)
    : softwareRelease(name, version, more);
}

/** All versions of a software that were ever published, each in its last form, lowest first. */
function everPublished(server: ApiServer, name: Name): SoftwareRelease[] {
  const ever = server.history
    .filter(({ kind, key }) => kind === KINDS.SystemSoftware && key === name)
    .flatMap(({ object }) => publishedSoftware({ get: () => object }, name));
  const last = new Map(ever.map((release) => [release.version, release]));
  return [...last.values()].sort((a, b) => semver.compare(a.version, b.version));
}

/** The first wish for system software of somebody who installs. */
export function firstWish(random: Random): Wish {
  return random.chance(0.6)
    ? { systemSoftware: [{ name: 'php', updatePolicy: random.pick(['patchLevel', 'all', 'all', 'none']) }] }
    : {};
}

/** The wishes that a tenant may have for the system software. */
export function softwareWishes({ server, random }: Simulation): { weight: number; what: string; wish: Wish }[] {
  const ever = (name: Name) => random.pick(everPublished(server, name)).version;
  const policy = () => random.pick(POLICIES);
  const choices: readonly { weight: number; systemSoftware: readonly SoftwareWish[] }[] = [
    { weight: 1, systemSoftware: [{ name: 'php', version: ever('php'), updatePolicy: policy() }] },
    { weight: 1, systemSoftware: [{ name: 'php', updatePolicy: policy() }] },
    {
      weight: 0.4,
      systemSoftware: [
        { name: 'php', updatePolicy: policy() },
        { name: 'icu', version: ever('icu'), updatePolicy: policy() },
      ],
    },
    { weight: 0.1, systemSoftware: [{ name: 'nowhere' }] },
    { weight: 0.5, systemSoftware: [] },
  ];
  return choices.map(({ weight, systemSoftware }) => ({
    weight,
    what: systemSoftware.map((s) => Object.values(s).join(' ')).join(' and ') || 'no system software',
    wish: { systemSoftware: [...systemSoftware] },
  }));
}

/** Publishes all versions again, those that do not work as yanked, and above them a version that everybody can have. */
export function lastSoftware(server: ApiServer): void {
  for (const name of NAMES) {
    const ever = everPublished(server, name).map(({ lifecycle: _, ...release }): SoftwareRelease =>
      isBad(release) ? { ...release, lifecycle: { stage: 'yanked' } } : release,
    );
    publishSoftware(server, name, ...ever, lastOf(name));
  }
}

function isBad({ provides }: SoftwareRelease): boolean {
  return FATES.some((fate) => JSON.stringify(provides).includes(fate));
}

/**
 * The wish without versions if the last release needs the software, and sometimes if automation moves all of it; else with
 * the last versions. Undefined if the running release may hold the software back until the release itself moves.
 */
export function lastWish(
  { systemSoftware = [], upgradePolicy }: Wish,
  { isNeeded, isBounded, random }: { readonly isNeeded: boolean; readonly isBounded: boolean; readonly random: Random },
): Wish['systemSoftware'] {
  if (!isNeeded && isBounded && upgradePolicy === 'auto') {
    return undefined;
  }
  // Software that stays at its version may keep the software that depends on it from moving.
  const movesAll = upgradePolicy === 'auto' && systemSoftware.every(({ updatePolicy }) => updatePolicy === 'all');
  const isLeft = isNeeded || (movesAll && random.chance(0.5));
  return systemSoftware.flatMap(({ name, version: _, ...wish }): SoftwareWish[] => {
    const known = NAMES.find((n) => n === name);
    return known ? [{ name, ...wish, ...(!isLeft && { version: LAST[known] }) }] : [];
  });
}

/** Whether a release bounds its needs from above, so that newer software may not meet them. */
export function isBounded({ systemSoftwareDependencies = [] }: Release): boolean {
  return systemSoftwareDependencies.some(({ range }) => range.startsWith('~'));
}
