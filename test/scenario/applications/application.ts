import type { Release } from '../../../src/api/provider.ts';
import type { Catalogue } from '../../../src/plan/catalogue/catalogue.ts';
import { catalogueOf, release } from '../../support/builders.ts';

/** An application as its public changelog has it. */
export interface Application {
  readonly name: string;
  /** In the order in which they came out. */
  readonly releases: readonly Row[];
  /** From where a release can be reached, where that is not everywhere. */
  readonly upgradesFrom?: (version: string) => string;
  /** The day on which the support of a release ends. */
  readonly endOfLife?: (version: string) => string | undefined;
  /** What the test adds: the releases that crash in this cluster, and why. */
  readonly failsHere: Readonly<Record<string, string>>;
}

/** A version, the day on which it came out, and what else its publisher says of it. */
type Row = readonly [version: string, day: string, facts?: Facts];

interface Facts {
  /** What a tenant has to do. */
  readonly breaking?: string;
  readonly security?: true;
  /** The last one of its line: no upgrade jumps over it. */
  readonly required?: true;
  /** From a day on nobody shall take it. */
  readonly yanked?: Later;
  /** From a day on another one is better. */
  readonly deprecated?: Later;
}

interface Later {
  readonly on: string;
  readonly why: string;
}

/** A day on which the publisher changes something. */
export interface Publication {
  readonly day: string;
  readonly news: string;
  /** All that is published then. */
  readonly catalogue: Catalogue;
}

/** What the publisher does, day by day. */
export function publicationsOf(application: Application): readonly Publication[] {
  const days = application.releases.flatMap(([, day, facts = {}]) => [day, facts.yanked?.on, facts.deprecated?.on]);
  return [...new Set(days.filter((day) => day !== undefined))].sort().map((day) => {
    const published = application.releases.filter(([, out]) => out <= day);
    const versions = published.map((row) => releaseOf(application, row, day));
    return { day, news: newsOf(application, day), catalogue: catalogueOf({ versions }) };
  });
}

function newsOf({ releases }: Application, today: string): string {
  const out = releases.filter(([, day]) => day === today).map(([version, , facts]) => `${version}${marks(facts)}`);
  const changed = releases.flatMap(([version, , { yanked, deprecated } = {}]) => [
    ...(yanked?.on === today ? [`${version} is yanked`] : []),
    ...(deprecated?.on === today ? [`${version} is deprecated`] : []),
  ]);
  return [...(out.length > 0 ? [`${out.join(', ')} out`] : []), ...changed].join(', ');
}

/** What is known on the day on which it comes out. */
function marks({ breaking, security, required }: Facts = {}): string {
  const words = Object.entries({ breaking, security, 'last of its line': required })
    .filter(([, fact]) => fact !== undefined)
    .map(([word]) => word);
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function releaseOf({ upgradesFrom, endOfLife }: Application, [version, day, facts = {}]: Row, today: string): Release {
  const { breaking, security, required } = facts;
  const lifecycle = lifecycleOf(facts, endOfLife?.(version), today);
  return release(version, {
    releasedAt: `${day}T00:00:00Z`,
    ...(breaking !== undefined && { breaking: { note: breaking } }),
    ...(security && { fixes: ['security'] }),
    ...(required && { required }),
    ...(upgradesFrom && { upgradesFrom: upgradesFrom(version) }),
    ...(lifecycle && { lifecycle }),
  });
}

function lifecycleOf({ yanked, deprecated }: Facts, end: string | undefined, today: string): Release['lifecycle'] {
  if (yanked && yanked.on <= today) {
    return { stage: 'yanked', message: yanked.why };
  }
  if (deprecated && deprecated.on <= today) {
    return { stage: 'deprecated', message: deprecated.why };
  }
  return end === undefined ? undefined : { expiresAt: `${end}T00:00:00Z` };
}
