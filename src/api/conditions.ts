import { z } from 'zod';
import { firstOf } from './cut.ts';
import { int, listMap, matching, text } from './field.ts';
import { timestamp } from './time.ts';

export const Condition = z
  .object({
    type: matching(/^[A-Za-z]+$/, 64, 'Must be CamelCase', 'What it speaks of.'),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
    reason: text(128, 'Why, in one CamelCase word.', 1),
    message: text(4096, 'Why, for people, with the next step where there is one.'),
    observedGeneration: int(0, Number.MAX_SAFE_INTEGER, 'Generation of the spec that it speaks of.').optional(),
    lastTransitionTime: text(64, 'When the status changed last.').meta({ format: 'date-time' }),
  })
  .describe('One statement about the object.');
export type Condition = z.output<typeof Condition>;

/** Of every status. */
export const observedGeneration = int(
  -1,
  Number.MAX_SAFE_INTEGER,
  'Generation of the spec that this status speaks of.',
).optional();

/** The conditions of a status, each its writer's own. */
export function conditionList(description: string) {
  return listMap(Condition, 16, description, 'type').optional();
}

/**
 * The conditions of an installation; README has the table of them. `Reconciling` and `Stalled` are there only while true, and
 * `Drifted` while there is something to tell.
 */
export type ConditionType =
  | 'Ready'
  | 'Reconciling'
  | 'Stalled'
  | 'Available'
  | 'UpdateAvailable'
  | 'UpgradeHealthy'
  | 'Drifted'
  | 'InputsUnused'
  | 'ReferencesMissing';

/** A condition before it is stamped with the generation and the time. */
export interface Verdict {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

export function verdict(type: ConditionType, status: Verdict['status'], reason: string, message: string): Verdict {
  return { type, status, reason, message };
}

export interface Stamp {
  readonly generation: number;
  readonly now: number;
}

/** The schema would refuse a longer message, and with it the whole status. */
const LONGEST_MESSAGE = 4096;

/** Present only while there is something to tell, each with its own beginning: a new reason or generation is a new episode with its own clock. */
const EPISODES: ReadonlySet<string> = new Set([
  'Reconciling',
  'Stalled',
  'Drifted',
  'InputsUnused',
  'ReferencesMissing',
]);

/**
 * Stamps the verdicts of one reconcile.
 *
 * The transition time moves only when `status` flips, as the API conventions ask, or when an episode ends. What is not among the verdicts is gone. Sorted by type, so that the same verdicts give the same bytes.
 */
export function stampConditions(
  previous: readonly Condition[],
  verdicts: readonly Verdict[],
  stamp: Stamp,
): Condition[] {
  return verdicts
    .map((verdict) => {
      const before = previous.find((c) => c.type === verdict.type);
      const isSameEpisode = before?.reason === verdict.reason && before.observedGeneration === stamp.generation;
      const same = before?.status === verdict.status && (!EPISODES.has(verdict.type) || isSameEpisode);
      return {
        ...verdict,
        message: cut(verdict.message),
        observedGeneration: stamp.generation,
        lastTransitionTime: same ? before.lastTransitionTime : timestamp(stamp.now),
      };
    })
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}

function cut(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${firstOf(message, LONGEST_MESSAGE - 4)} ...`;
}

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((c) => c.type === type);
}
