import semver from 'semver';
import { changeBetween, isAtMost } from '../../../src/plan/catalogue/level.ts';
import type { Application } from './application.ts';
import type { Event, Rollout } from './event.ts';
import type { Tenant } from './tenants.ts';

/** A life to judge. */
interface Life {
  readonly application: Application;
  readonly tenant: Tenant;
  readonly events: readonly Event[];
}

/** Says what is wrong, if anything. */
type Law = (life: Life) => readonly string[];

/** What holds for every application and every tenant, whatever comes out. */
const LAWS: readonly Law[] = [
  goesUp,
  skipsNoMajor,
  crossesNothingBreaking,
  keepsToTheSettings,
  triesNothingTwice,
  grantsWhatItNames,
  doesNotAskInVain,
  takesWhatItAnnounces,
];

export function broken(life: Life): readonly string[] {
  return LAWS.flatMap((law) => law(life));
}

function rolloutsOf({ events }: Pick<Life, 'events'>): readonly Rollout[] {
  return events.filter((event) => event.kind === 'rollout');
}

function automaticOf(life: Life): readonly Rollout[] {
  return rolloutsOf(life).filter(({ isAutomatic }) => isAutomatic);
}

function goesUp(life: Life): readonly string[] {
  return rolloutsOf(life)
    .filter(({ from, to }) => from !== undefined && semver.lte(to, from))
    .map(({ from, to }) => `went from ${from} to ${to}`);
}

/** Where releases say from what they can be reached, as those of Nextcloud do. */
function skipsNoMajor(life: Life): readonly string[] {
  const { upgradesFrom } = life.application;
  return rolloutsOf(life)
    .filter(({ from, to }) => from !== undefined && upgradesFrom && !semver.satisfies(from, upgradesFrom(to)))
    .map(({ from, to }) => `went from ${from} to ${to}, which cannot be reached from there`);
}

function crossesNothingBreaking(life: Life): readonly string[] {
  const breaking = life.application.releases.flatMap(([version, , facts]) => (facts?.breaking ? [version] : []));
  return automaticOf(life).flatMap(({ from = '', to }) =>
    breaking
      .filter((version) => semver.gt(version, from) && semver.lte(version, to))
      .map((version) => `automation crossed ${version} from ${from} to ${to}`),
  );
}

function keepsToTheSettings(life: Life): readonly string[] {
  const { application, tenant } = life;
  const { level = 'minor', securityOnly } = tenant.spec.upgrade ?? {};
  const widest = tenant.looks?.sets === 'level' ? 'major' : level;
  const mends = (version: string) => application.releases.some(([v, , facts]) => v === version && facts?.security);
  return automaticOf(life).flatMap(({ from = '', to }) => [
    ...(isAtMost(changeBetween(from, to), widest) ? [] : [`automation went from ${from} to ${to} at level ${level}`]),
    ...(securityOnly && !mends(to) ? [`automation took ${to}, which mends nothing of security`] : []),
  ]);
}

function triesNothingTwice(life: Life): readonly string[] {
  const failed = automaticOf(life).flatMap(({ to, failed }) => (failed ? [to] : []));
  return failed
    .filter((version, index) => failed.indexOf(version) !== index)
    .map((version) => `automation tried ${version} again`);
}

/** Who sets the version that a message names gets it, or sees it fail; and who sets what runs keeps it. */
function grantsWhatItNames({ events }: Life): readonly string[] {
  return events.flatMap((event, index) => {
    if (event.kind !== 'wish' || event.field !== 'version') {
      return [];
    }
    const later = events.slice(index + 1);
    const end = later.findIndex(({ kind }) => kind === 'news' || kind === 'wish');
    const asked = rolloutsOf({ events: later.slice(0, end < 0 ? undefined : end) }).filter((r) => !r.isAutomatic);
    const ran = rolloutsOf({ events: events.slice(0, index) }).findLast(({ failed }) => !failed);
    const got = asked.at(-1) ?? ran;
    return got?.to === event.value ? [] : [`${event.value} was set, and ${got?.to} was rolled out`];
  });
}

/** What the tenant is told to set is not taken without him. */
function doesNotAskInVain({ events }: Life): readonly string[] {
  return events.flatMap((event, index) => {
    const [, named] = /^Set version (\S+) to take it/.exec(event.kind === 'message' ? event.text : '') ?? [];
    const isTaken = aloneAfter(events, index).some(({ to }) => to === named);
    return isTaken ? [`${named} was taken although it was said that it had to be set`] : [];
  });
}

/** What time alone holds back is taken, unless something newer is. */
function takesWhatItAnnounces({ events }: Life): readonly string[] {
  return events.flatMap((event, index) => {
    if (event.kind !== 'message' || event.reason === 'Unhealthy') {
      return [];
    }
    const [, coming] = /^(\S+) is taken automatically/.exec(event.text) ?? [];
    const isTaken =
      coming === undefined || aloneAfter(events, index).some(({ to }) => semver.valid(to) && semver.gte(to, coming));
    return isTaken ? [] : [`${coming} was never taken although it was said that it would be`];
  });
}

/** What is rolled out until the tenant does something. */
function aloneAfter(events: readonly Event[], index: number): readonly Rollout[] {
  const later = events.slice(index + 1);
  const end = later.findIndex(({ kind }) => kind === 'wish');
  return rolloutsOf({ events: later.slice(0, end < 0 ? undefined : end) });
}
