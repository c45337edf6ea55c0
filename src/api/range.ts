import semver, { type Comparator, type Range, type SemVer } from 'semver';
import type { z } from 'zod';
import { text } from './field.ts';

/** The only meaning of a range, for the schema, the catalogue and every decision. */
const LONGEST = 256;

/** As many as a large catalogue has; each is parsed once and not at every decision. */
const MOST_KEPT = 5000;

/** Major, minor and patch. */
export type Numbers = readonly [number, number, number];

/** The versions from the first up to the second, without it. */
type Interval = readonly [Numbers, Numbers];

const LEAST: Numbers = [0, 0, 0];
const BEYOND: Numbers = [Number.POSITIVE_INFINITY, 0, 0];

/**
 * An npm-semver range. Its versions without a prerelease are kept as a few intervals, so that a question costs the same
 * whatever the author wrote.
 */
export interface VersionRange {
  /** By major.minor.patch alone: a prerelease counts as its release, and as itself where the range names it. */
  hasNumbers(version: string, numbers?: Numbers): boolean;
  /** By precedence, and for a prerelease by its numbers too: `<2.0.0` has neither 2.0.0 nor 2.0.0-rc.1. */
  has(version: string): boolean;
}

/** A field that holds a range. */
export function versionRange(description: string): z.ZodString {
  return text(LONGEST, description).refine(
    (range) => parseRange(range) !== undefined,
    'Must be an npm-semver range such as ">=1.2.0 <2.0.0"',
  );
}

const kept = new Map<string, VersionRange | undefined>();

/** Undefined for what is no range. */
export function parseRange(source: string): VersionRange | undefined {
  const known = kept.get(source);
  if (known !== undefined || kept.has(source)) {
    return known;
  }
  const parsed = source.length <= LONGEST ? readRange(source) : undefined;
  const [oldest] = kept.keys();
  if (kept.size >= MOST_KEPT && oldest !== undefined) {
    kept.delete(oldest);
  }
  if (source.length <= LONGEST) {
    kept.set(source, parsed);
  }
  return parsed;
}

function readRange(source: string): VersionRange | undefined {
  const range = rangeOf(source, {});
  if (!range) {
    return undefined;
  }
  const intervals = merge(range.set.map(intervalOf));
  const named = new Set(
    range.set.flatMap(([only, more]) => (only && !more && isPinned(only) ? only.semver.version : [])),
  );
  // Asked for a few prereleases of one range only, and not cheap to make.
  let wide: Range | undefined;
  const hasNumbers = (version: string, numbers = numbersOf(version)) =>
    isWithin(intervals, numbers) || named.has(version);
  return {
    hasNumbers,
    has(version) {
      wide ??= version.includes('-') ? rangeOf(source, { includePrerelease: true }) : undefined;
      return hasNumbers(version) && (!version.includes('-') || wide?.test(version) === true);
    },
  };
}

function rangeOf(source: string, options: semver.RangeOptions): Range | undefined {
  try {
    return new semver.Range(source, options);
  } catch {
    return undefined;
  }
}

/** Names one prerelease, which no numbers can tell. */
function isPinned({ operator, semver: { prerelease } }: Comparator): boolean {
  return operator === '' && (prerelease?.length ?? 0) > 0;
}

/** The versions without a prerelease that all comparators allow. */
function intervalOf(comparators: readonly Comparator[]): Interval {
  let from = LEAST;
  let to = BEYOND;
  for (const { operator, semver: bound } of comparators) {
    // The comparator of `*` has no version.
    if (!(bound instanceof semver.SemVer)) {
      continue;
    }
    const [least, end] = boundsOf(operator, bound);
    from = compare(least, from) > 0 ? least : from;
    to = compare(end, to) < 0 ? end : to;
  }
  return [from, to];
}

function boundsOf(operator: Comparator['operator'], bound: SemVer): Interval {
  const { major, minor, patch } = bound;
  const itself: Numbers = [major, minor, patch];
  const next: Numbers = [major, minor, patch + 1];
  // A release comes after all prereleases of its numbers.
  const isBefore = bound.prerelease.length > 0;
  switch (operator) {
    case '>=':
      return [itself, BEYOND];
    case '>':
      return [isBefore ? itself : next, BEYOND];
    case '<':
      return [LEAST, itself];
    case '<=':
      return [LEAST, isBefore ? itself : next];
    case '=':
    case '':
    case undefined:
      return isBefore ? [itself, itself] : [itself, next];
  }
}

/** Sorted and disjoint. */
function merge(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = intervals.filter(([from, to]) => compare(from, to) < 0).sort(([a], [b]) => compare(a, b));
  const merged: Interval[] = [];
  for (const [from, to] of sorted) {
    const last = merged.at(-1);
    if (last && compare(from, last[1]) <= 0) {
      merged[merged.length - 1] = [last[0], compare(to, last[1]) > 0 ? to : last[1]];
    } else {
      merged.push([from, to]);
    }
  }
  return merged;
}

function isWithin(intervals: readonly Interval[], version: Numbers): boolean {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const end = intervals[middle]?.[1];
    if (end && compare(version, end) >= 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const found = intervals[low];
  return found !== undefined && compare(version, found[0]) >= 0;
}

function compare(a: Numbers, b: Numbers): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Of an exact version. */
export function numbersOf(version: string): Numbers {
  const dash = version.indexOf('-');
  const [major, minor, patch] = (dash < 0 ? version : version.slice(0, dash)).split('.');
  return [Number(major), Number(minor), Number(patch)];
}
