import { hash } from '../../api/hash.ts';
import { effortOf, faultOf } from '../../api/input-schema.ts';
import type { InstallationSpec } from '../../api/installation.ts';
import type { Release } from '../../api/provider.ts';
import type { RecordedInput } from '../../api/record.ts';
import { isSecret, type UserAnswer } from '../../api/user-input.ts';
import { UNKNOWN_INPUTS } from '../state/committed.ts';
import { byName } from '../software/set.ts';
import type { SoftwareUse } from '../software/resolution.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import type { State } from '../state/state.ts';
import { askedBy, type AskedInput } from './asked.ts';
import { generatedFor } from './generated.ts';
import { BY_SECRET, inOrder, sheetOf, type Answer, type Given, type Line, type Sheet } from './sheet.ts';

/** The answers of one installation, for one observation. */
export interface Answers {
  /** To what a release asks for, with the system software that it is to run with. */
  to(release: Release, uses: readonly SoftwareUse[], effort?: Effort): Sheet;
  /** Hash of what the tenant gave of a sheet; undefined where that is nothing. */
  hashOf(inputs: readonly RecordedInput[]): string | undefined;
  /** The same of the present answers to what a record was asked for: it changes when the tenant changes one of them. */
  hashAgain(record: Pick<RolloutRecord, 'inputs' | 'version'> | undefined): string | undefined;
}

/** How much judging may still cost, in the units of `effortOf`: a hostile catalogue must not hold everybody up. */
interface Effort {
  left: number;
  readonly judged: Set<string>;
}

/** Of one release; a tenth of a second, at the worst. */
const MOST_EFFORT = 4_000_000;
const NOT_IN_CONFIG = 'must come from a Secret: remove it from there';
const TOO_COSTLY = 'has a pattern that takes too long to judge: ask the publisher for a smaller one';

/** Where nobody asks for anything. */
const NOTHING: Sheet = { env: [], inputs: [], generated: [], missing: [], unfit: [], tooLate: [], waiting: [] };

/**
 * Reads the answers of the spec. What an input of the lifecycles `installation` and `update` was given stays in the pods once a
 * rollout with it was done, whatever the spec says of it: the first for good, the second until the next upgrade.
 */
export function answersOf(
  observed: Pick<Observed, 'installation' | 'references' | 'revisions' | 'deployment' | 'mayGenerate'>,
  { stable, base }: Pick<State, 'stable' | 'base'>,
): Answers {
  const { installation, references } = observed;
  const own = new Map((installation.spec.userInputs ?? []).map((answer) => [answer.name, givenIn(answer)]));

  function lineOf(input: AskedInput, version: string, effort: Effort): Line {
    const kept = keptOf(input, version);
    const config = configFor(installation.spec, input.variables, kept?.kind === 'given' ? kept.given : undefined);
    if (config) {
      return { input, answer: config, isOther: false, broken: brokenBy(input, config, effort) };
    }
    const present = own.get(input.name);
    // What does not fit any more is asked for anew.
    if (kept && brokenBy(input, kept, effort) === undefined) {
      return { input, answer: kept, isOther: present !== undefined && !isSame(kept, present), broken: undefined };
    }
    const answer = answerTo(input, present, kept !== undefined);
    return { input, answer, isOther: false, broken: brokenBy(input, answer, effort) };
  }

  /** What pods have, and keep; undefined where the spec decides. */
  function keptOf({ name, lifecycle }: Pick<RecordedInput, 'name' | 'lifecycle'>, version: string): Answer | undefined {
    const isSameVersion = stable?.version === version;
    const isKept = lifecycle === 'installation' || (lifecycle === 'update' && isSameVersion);
    const { value, secretKeyRef, by, generated } = (isKept && recorded(name)) || { by: 'config' };
    if (secretKeyRef || (value !== undefined && by !== 'release')) {
      return { kind: 'given', given: secretKeyRef ? { secretKeyRef } : { value } };
    }
    if (value !== undefined) {
      return { kind: 'default', value };
    }
    // That there is nothing is kept until a release may ask anew.
    return by === 'config' || generated || !isSameVersion
      ? undefined
      : { kind: 'none', isMissing: false, isExcused: by === 'nobody' };
  }

  function recorded(name: string): RecordedInput | undefined {
    return stable?.inputs?.find((one) => one.name === name);
  }

  function answerTo(input: AskedInput, present: Given | undefined, wasKept: boolean): Answer {
    if (present) {
      return { kind: 'given', given: present };
    }
    if (input.generate) {
      return { kind: 'generated', generated: generatedFor(observed, [stable, base], input) };
    }
    if (input.default !== undefined) {
      return { kind: 'default', value: input.default };
    }
    const isExcused = input.required === true && !wasKept && isDoneWithout(input);
    return { kind: 'none', isMissing: input.required === true && !isExcused, isExcused };
  }

  /** Something was installed that was not asked for it: what is asked for at the installation only comes too late. */
  function isDoneWithout({ name, lifecycle }: AskedInput): boolean {
    const isKnown = stable && stable.committed.wish !== UNKNOWN_INPUTS.wish;
    const before = recorded(name);
    return isKnown === true && lifecycle === 'installation' && (!before || before.by === 'nobody');
  }

  function hashOf(inputs: readonly RecordedInput[]): string | undefined {
    const given = inputs
      .filter(({ value, secretKeyRef, by }) => by === undefined && (value !== undefined || secretKeyRef))
      .map(({ name, lifecycle = 'reconfigure', value, secretKeyRef: ref }) => {
        // Of a Secret that is watched, the content counts, too.
        const content =
          ref && lifecycle === 'reconfigure' ? references.content('Secret', ref.name, ref.key) : undefined;
        return [name, { value, ref, content: content?.kind === 'hash' ? content.hash : undefined }] as const;
      });
    return given.length === 0 ? undefined : hash(given.toSorted(byName));
  }

  return {
    hashOf,
    to(release, uses, effort = { left: MOST_EFFORT, judged: new Set() }) {
      const asked = askedBy(release, uses);
      const sheet =
        asked.length === 0
          ? NOTHING
          : sheetOf(
              asked.map((input) => lineOf(input, release.version, effort)),
              observed,
            );
      const carried = carriedBy(stable, asked);
      return carried.length === 0 ? sheet : { ...sheet, inputs: inOrder([...sheet.inputs, ...carried]) };
    },
    hashAgain(record) {
      const { inputs = [], version = '' } = record ?? {};
      return hashOf(
        inputs.map((input) => {
          const { name, lifecycle, by } = input;
          const kept = keptOf(input, version);
          const isSettled = by === 'config' || by === 'earlier' || (kept !== undefined && isSame(kept, input));
          return isSettled ? input : { name, lifecycle, ...own.get(name) };
        }),
      );
    },
  };
}

/** Answers of the installation that this release does not ask for: a later one may. */
function carriedBy(stable: RolloutRecord | undefined, asked: readonly AskedInput[]): RecordedInput[] {
  return (stable?.inputs ?? [])
    .filter(({ name, lifecycle, by, value, secretKeyRef }) => {
      const isAnswered = by === 'nobody' || value !== undefined || secretKeyRef !== undefined;
      return lifecycle === 'installation' && isAnswered && !asked.some((input) => input.name === name);
    })
    .map((input) => (input.by === 'nobody' ? input : { ...input, by: 'earlier' as const }));
}

/** The rule that an answer breaks. What a Secret or ConfigMap holds is not known, so that nobody can judge it. */
function brokenBy(input: AskedInput, answer: Answer, effort: Effort): string | undefined {
  const value = valueOf(answer);
  const isOpen = value !== undefined || (answer.kind === 'config' && !answer.isFromSecret);
  if (isSecret(input) && isOpen) {
    return answer.kind === 'config' ? NOT_IN_CONFIG : BY_SECRET;
  }
  if (value === undefined) {
    return undefined;
  }
  return mayJudge(input, value, effort) ? faultOf(input, value) : TOO_COSTLY;
}

/** What was judged before costs nothing: many releases ask for the same. */
function mayJudge(input: AskedInput, value: string, effort: Effort): boolean {
  const key = JSON.stringify([input.dataType, input.format, input.pattern, value]);
  if (!effort.judged.has(key)) {
    effort.left -= effortOf(input, value);
    effort.judged.add(key);
  }
  return effort.left >= 0;
}

function valueOf(answer: Answer): string | undefined {
  switch (answer.kind) {
    case 'config':
    case 'default':
      return answer.value;
    case 'given':
      return answer.given.value;
    case 'generated':
    case 'none':
      return undefined;
  }
}

/** Whether it is what is kept: the same value, the same reference, or nothing at all. */
function isSame(kept: Answer, { value, secretKeyRef }: Given): boolean {
  const ref = kept.kind === 'given' ? kept.given.secretKeyRef : undefined;
  return valueOf(kept) === value && hash(ref ?? null) === hash(secretKeyRef ?? null);
}

function givenIn({ value, valueFrom }: UserAnswer): Given {
  return valueFrom ? { secretKeyRef: valueFrom.secretKeyRef } : { value: value ?? '' };
}

/** Variables that the tenant sets by name answer the input, too, if these are all that it has. */
function configFor(
  { config = {}, configFrom = [] }: InstallationSpec,
  variables: readonly string[],
  kept: Given | undefined,
): Answer | undefined {
  const [variable = ''] = variables;
  const from = configFrom.filter(({ name }) => variables.includes(name));
  const isSet = (name: string) => Object.hasOwn(config, name) || from.some((entry) => entry.name === name);
  return variables.every(isSet)
    ? {
        kind: 'config',
        variable,
        value: Object.hasOwn(config, variable) ? config[variable] : undefined,
        isFromSecret: variables.every((name) => from.some((entry) => entry.name === name && entry.secretKeyRef)),
        kept,
      }
    : undefined;
}
