import { z } from 'zod';
import { epoch } from './time.ts';

/**
 * Builders of schema nodes. Each takes its description and its bound, because `kubectl explain` shows the first
 * and the apiserver needs the second to price the CEL rules around it.
 */

/** A CEL rule that the apiserver checks, with a message that says what to do. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly fieldPath?: string;
}

/** Adds CEL rules to those that a schema node has. */
export function withRules<T extends z.ZodType>(schema: T, ...rules: readonly Rule[]): T {
  const meta = schema.meta();
  const present = (meta?.['x-kubernetes-validations'] ?? []) as readonly Rule[];
  return rules.length === 0 ? schema : schema.meta({ ...meta, 'x-kubernetes-validations': [...present, ...rules] });
}

/** The same where the schema can tell, too, whether a value obeys the rule. */
export function withChecked<T extends z.ZodType>(schema: T, obeys: (value: z.output<T>) => boolean, rule: Rule): T {
  return withRules(schema.refine(obeys, rule.message), rule);
}

/** A list that is kept as a map, so that two appliers can each own their entries. */
export function listMap<T extends z.ZodType>(
  item: T,
  max: number,
  description: string,
  key: string,
  ...rules: readonly Rule[]
): z.ZodArray<T> {
  const list = withRules(z.array(item).max(max).describe(description), ...rules);
  return list.meta({ ...list.meta(), 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] });
}

/** A list under one owner: it is replaced whole. */
export function atomicList<T extends z.ZodType>(item: T, max: number, description: string, min = 0): z.ZodArray<T> {
  const bounded = z.array(item).max(max);
  const list = (min > 0 ? bounded.min(min) : bounded).describe(description);
  return list.meta({ ...list.meta(), 'x-kubernetes-list-type': 'atomic' });
}

/** The first thing that is wrong with a value: where it is, or `whole` where it is the value itself, and what. */
export function firstIssue({ issues: [issue] }: z.ZodError, whole: string): string {
  return `${issue?.path.join('.') || whole}: ${issue?.message ?? 'invalid'}`;
}

export function text(max: number, description: string, min = 0): z.ZodString {
  const bounded = z.string().max(max);
  return (min > 0 ? bounded.min(min) : bounded).describe(description);
}

export function int(min: number, max: number, description: string): z.ZodInt {
  return z.int().min(min).max(max).describe(description);
}

export function flag(description: string): z.ZodBoolean {
  return z.boolean().describe(description);
}

export function time(description: string): z.ZodString {
  return z
    .string()
    .max(64)
    .refine((value) => !Number.isNaN(epoch(value)), 'Must be an RFC 3339 time such as 2026-09-25T00:00:00Z')
    .describe(description)
    .meta({ format: 'date-time' });
}

/**
 * A string that must match `pattern`. The apiserver checks it by CEL and not by `pattern`, because only a CEL rule
 * carries a message that a person can act on.
 */
export function matching(pattern: RegExp, max: number, message: string, description: string): z.ZodString {
  const source = pattern.source.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const rule = { rule: `self.matches('${source}')`, message };
  return withChecked(text(max, description), (value) => pattern.test(value), rule);
}

/** The same where so many may be that no CEL rule could be afforded: the apiserver shows the bare pattern. */
export function matchingPlainly(pattern: RegExp, max: number, message: string, description: string): z.ZodString {
  return z.string().max(max).regex(pattern, message).describe(description);
}

/** A text that reaches a process in its environment, where a NUL would end it: no container starts with one. */
export function literal(max: number, description: string): z.ZodString {
  // oxlint-disable-next-line no-control-regex -- That character is what it is about; RE2 does not know it as \0.
  return matchingPlainly(/^[^\x00]*$/, max, 'Must have no NUL character', description);
}

/** As in a pod: a letter somewhere, and no two dashes in a row. */
export const PORT_NAME = /^([0-9]+(-[0-9]+)*-?)?[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
export const PORT_NAME_MESSAGE =
  'Must be a port name such as http: at most 15 of a-z, 0-9 and -, with a letter and without --';

/** A port by number or by the name that the release gives it. */
export function portReference(description: string): z.ZodType<string | number> {
  return z
    .union([z.int(), z.string()])
    .refine(isPort, 'Must be the number of a port from 1 to 65535, or its name')
    .describe(description)
    .meta({
      'x-kubernetes-int-or-string': true,
      pattern: `^([0-9]+|${PORT_NAME.source.slice(1, -1)})$`,
      maxLength: 15,
      minimum: 1,
      maximum: 65_535,
    });
}

function isPort(port: string | number): boolean {
  const isNumber = /^[0-9]+$/.test(String(port));
  return isNumber ? Number(port) >= 1 && Number(port) <= 65_535 : PORT_NAME.test(String(port));
}
