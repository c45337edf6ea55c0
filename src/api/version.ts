import semver from 'semver';
import type { z } from 'zod';
import { matching } from './field.ts';

const NUMBER = '(0|[1-9][0-9]{0,8})';
const IDENTIFIER = '(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)';

/** Strict semver (semver.org, item 2 and 9) without build metadata, each number of at most 9 digits. */
const STRICT = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(-${IDENTIFIER}(\\.${IDENTIFIER})*)?$`);

const MESSAGE = 'Must be one exact version such as 1.4.2 or 2.0.0-rc.1: no leading v, no range, no build metadata';

/** A field that holds one exact version. */
export function exactVersion(description: string): z.ZodString {
  return matching(STRICT, 64, MESSAGE, description);
}

export function isExactVersion(text: string): boolean {
  return text.length <= 64 && STRICT.test(text);
}

export function isPrerelease(version: string): boolean {
  return semver.prerelease(version) !== null;
}

/** Sorts newest first by semver precedence; equal ones keep no order of their own, so the text decides. */
export function newestFirst(a: string, b: string): number {
  return semver.rcompare(a, b) || (a < b ? 1 : -1);
}
