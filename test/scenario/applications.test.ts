import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { publicationsOf, type Application } from './applications/application.ts';
import type { Event } from './applications/event.ts';
import { GITEA } from './applications/gitea.ts';
import { KEYCLOAK } from './applications/keycloak.ts';
import { broken } from './applications/laws.ts';
import { live } from './applications/life.ts';
import { N8N } from './applications/n8n.ts';
import { NEXTCLOUD } from './applications/nextcloud.ts';
import { legend, runsInTheEnd, story } from './applications/story.ts';
import {
  AUTO,
  CAREFUL,
  MAJOR,
  MANUAL,
  PATCH,
  RAISES_FLOOR,
  SECURITY,
  WIDENS_LEVEL,
  type Tenant,
} from './applications/tenants.ts';

/**
 * Applications that many run, with the releases that they really had, through years of tenants with every policy. What each
 * tenant saw is in `applications/golden/`. If it changes, read the difference: it is what a tenant will see.
 * `vitest run --project scenario -u test/scenario/applications.test.ts` writes it again.
 */

interface Case {
  readonly application: Application;
  /** Who installs which version, on the day on which it comes out. */
  readonly tenants: readonly (readonly [Tenant, string])[];
}

const CASES: readonly Case[] = [
  {
    application: KEYCLOAK,
    tenants: [
      [AUTO, '16.1.1'],
      [MAJOR, '22.0.0'],
      [PATCH, '26.0.0'],
      [SECURITY, '26.0.0'],
      [CAREFUL, '26.0.0'],
      [RAISES_FLOOR, '16.1.1'],
      [MANUAL, '16.1.1'],
    ],
  },
  {
    application: N8N,
    tenants: [
      [AUTO, '0.225.0'],
      [MAJOR, '1.21.0'],
      [PATCH, '1.123.0'],
      [SECURITY, '1.123.0'],
      [CAREFUL, '2.0.0'],
      [RAISES_FLOOR, '0.225.0'],
      [MANUAL, '0.225.0'],
    ],
  },
  {
    application: NEXTCLOUD,
    tenants: [
      [AUTO, '20.0.7'],
      [MAJOR, '20.0.7'],
      [PATCH, '22.1.0'],
      [CAREFUL, '23.0.0'],
      [RAISES_FLOOR, '20.0.7'],
      [WIDENS_LEVEL, '20.0.7'],
      [MANUAL, '20.0.7'],
    ],
  },
  {
    application: GITEA,
    tenants: [
      [AUTO, '1.15.0'],
      [MAJOR, '1.22.0'],
      [PATCH, '1.21.0'],
      [SECURITY, '1.21.0'],
      [CAREFUL, '1.22.0'],
      [RAISES_FLOOR, '1.15.0'],
      [MANUAL, '1.15.0'],
    ],
  },
];

describe.each(CASES)('$application.name', ({ application, tenants }) => {
  const publications = publicationsOf(application);
  const lives = tenants.map(([tenant, from]) => {
    let events: readonly Event[] | undefined;
    return { tenant, from, play: () => (events ??= live(application, publications, tenant, from)) };
  });

  it.each(lives)('holds its promises: $tenant.name', ({ tenant, play }) => {
    expect(broken({ application, tenant, events: play() })).toEqual([]);
  });

  it.each(lives.filter(({ tenant }) => tenant.looks !== undefined))(
    'leads whoever follows the messages to the newest release: $tenant.name',
    ({ play }) => {
      expect(runsInTheEnd(play())).toBe(newestOf(application));
    },
  );

  it('reads as its golden file', async () => {
    const stories = lives.map(({ tenant, from, play }) => story(tenant, from, play()));
    const text = [legend(application), ...stories].join('\n');
    await expect(text).toMatchFileSnapshot(`applications/golden/${application.name.toLowerCase()}.txt`);
  });
});

function newestOf({ releases }: Application): string | undefined {
  const stable = releases.map(([version]) => version).filter((version) => semver.prerelease(version) === null);
  return semver.rsort(stable)[0];
}
