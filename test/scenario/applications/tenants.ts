import type { InstallationSpec } from '../../../src/api/installation.ts';

/** Somebody who has an installation, and what he does with what it tells him. */
export interface Tenant {
  readonly name: string;
  readonly spec: Pick<InstallationSpec, 'upgradePolicy' | 'upgrade'>;
  /** He who never looks leaves all to automation. */
  readonly looks?: Looks;
}

/** After so many days he does what the message says: he sets the version that it names, or the level. */
interface Looks {
  readonly everyDays: number;
  readonly sets: 'version' | 'level';
}

export const AUTO: Tenant = { name: 'auto', spec: { upgradePolicy: 'auto' } };

export const MAJOR: Tenant = {
  name: 'auto, level major',
  spec: { upgradePolicy: 'auto', upgrade: { level: 'major' } },
};

export const PATCH: Tenant = {
  name: 'auto, level patch',
  spec: { upgradePolicy: 'auto', upgrade: { level: 'patch' } },
};

export const SECURITY: Tenant = {
  name: 'auto, security only',
  spec: { upgradePolicy: 'auto', upgrade: { securityOnly: true } },
};

export const CAREFUL: Tenant = {
  name: 'auto, what is a week old, on Sundays',
  spec: {
    upgradePolicy: 'auto',
    upgrade: {
      level: 'major',
      minReleaseAge: '168h',
      windows: [{ kind: 'allow', schedule: '0 2 * * 0', duration: '4h', timeZone: 'Europe/Berlin' }],
    },
  },
};

export const RAISES_FLOOR: Tenant = {
  name: 'auto, sets the version that the message names',
  spec: { upgradePolicy: 'auto' },
  looks: { everyDays: 120, sets: 'version' },
};

export const WIDENS_LEVEL: Tenant = {
  name: 'auto, sets the level that the message names',
  spec: { upgradePolicy: 'auto' },
  looks: { everyDays: 720, sets: 'level' },
};

export const MANUAL: Tenant = {
  name: 'manual, sets the version that the message names',
  spec: { upgradePolicy: 'manual' },
  looks: { everyDays: 60, sets: 'version' },
};
