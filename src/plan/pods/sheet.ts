import { faultOf, ruleOf } from '../../api/input-schema.ts';
import type { Release } from '../../api/provider.ts';
import type { RecordedInput } from '../../api/record.ts';
import { envOf, isSecret, type UserInput } from '../../api/user-input.ts';
import type { SoftwareUse } from '../software/resolution.ts';
import type { References } from '../state/observed.ts';
import { escapeExpansion, variable, type ContainerVariable } from './environment.ts';
import type { Generated } from './generated.ts';

/** What is wrong with an answer, or what is missing: the input, and the rule that holds for it. */
interface Shortcoming {
  readonly name: string;
  readonly rule: string;
  /** Git may still deliver it. */
  readonly mayArrive?: boolean;
}

/** The answers to all that a release and its system software ask for. */
export interface Sheet {
  /** Sorted by name. An input that the tenant's config answers is not among them. */
  readonly env: readonly ContainerVariable[];
  /** The same as a record keeps it, also what has no answer. */
  readonly inputs: readonly RecordedInput[];
  readonly generated: readonly Generated[];
  readonly missing: readonly Shortcoming[];
  /** Values that break a rule. */
  readonly unfit: readonly Shortcoming[];
  /** Answers that were given at the installation and are others by now. */
  readonly tooLate: readonly Shortcoming[];
  /** Answers that reach the pods with the next upgrade. */
  readonly waiting: readonly string[];
}

export type Given = Pick<RecordedInput, 'value' | 'secretKeyRef'>;

/** Where the value of an input comes from. */
export type Answer =
  /** The tenant's config or configFrom sets its variable. */
  | { readonly kind: 'config'; readonly value?: string | undefined; readonly isFromSecret: boolean }
  | {
      readonly kind: 'given';
      readonly given: Given;
      /** The spec says something else by now. */
      readonly isOther: boolean;
    }
  | { readonly kind: 'generated'; readonly generated: Generated }
  | { readonly kind: 'default'; readonly value: string }
  | { readonly kind: 'none'; readonly isMissing: boolean };

export interface Line {
  readonly input: UserInput;
  readonly answer: Answer;
}

/** All that is asked for: what two ask for by the same name is one input. What the release says of it comes last, and wins. */
export function askedBy({ userInputs = [] }: Pick<Release, 'userInputs'>, uses: readonly SoftwareUse[]): UserInput[] {
  return [...uses.flatMap(({ release }) => release?.userInputs ?? []), ...userInputs];
}

export function sheetOf(lines: readonly Line[], references: References): Sheet {
  const variables = new Map(lines.flatMap(variableOf).map((v) => [v.name, v]));
  const recorded = new Map(lines.flatMap(recordOf).map((r) => [r.name, r]));
  const others = lines.filter(({ answer }) => answer.kind === 'given' && answer.isOther).map(({ input }) => input);
  return {
    env: inOrder([...variables.values()]),
    inputs: inOrder([...recorded.values()]),
    generated: lines.flatMap(({ answer }) => (answer.kind === 'generated' ? [answer.generated] : [])),
    missing: lines.flatMap((line) => missingIn(line, references)),
    unfit: lines.flatMap(unfitIn),
    tooLate: others.filter(({ lifecycle }) => lifecycle !== 'update').map(({ name }) => ({ name, rule: TOO_LATE })),
    waiting: others.filter(({ lifecycle }) => lifecycle === 'update').map(({ name }) => name),
  };
}

/** Whether no pods can be made with it. */
export function isIncomplete({ missing, unfit, tooLate }: Sheet): boolean {
  return missing.length + unfit.length + tooLate.length > 0;
}

const TOO_LATE = 'is asked for at the installation only: set it back to what it was, or remove it';
const BY_SECRET = 'must come from a Secret: give it by secretKeyRef';

function variableOf({ input, answer }: Line): ContainerVariable[] {
  const name = envOf(input);
  switch (answer.kind) {
    case 'given': {
      const { value, secretKeyRef } = answer.given;
      return [secretKeyRef ? { name, valueFrom: { secretKeyRef } } : variable(name, escapeExpansion(value ?? ''))];
    }
    case 'generated':
      return [{ name, valueFrom: { secretKeyRef: answer.generated.ref } }];
    case 'default':
      return [variable(name, escapeExpansion(answer.value))];
    case 'config':
    case 'none':
      return [];
  }
}

/** What config answers is seen by a change of that. */
function recordOf({ input: { name, lifecycle }, answer }: Line): RecordedInput[] {
  const asked = { name, ...(lifecycle && { lifecycle }) };
  switch (answer.kind) {
    case 'given':
      return [{ ...asked, ...answer.given }];
    case 'generated':
      return [{ ...asked, generated: answer.generated.ref }];
    case 'default':
    case 'none':
      return [asked];
    case 'config':
      return [];
  }
}

function missingIn({ input, answer }: Line, references: References): Shortcoming[] {
  const { name } = input;
  if (answer.kind === 'none' && answer.isMissing) {
    return [{ name, rule: isSecret(input) ? BY_SECRET : ruleOf(input) }];
  }
  const ref = answer.kind === 'given' ? answer.given.secretKeyRef : undefined;
  return ref && references.content('Secret', ref.name, ref.key).kind === 'missing'
    ? [{ name, rule: `needs key "${ref.key}" of Secret "${ref.name}", which is not there`, mayArrive: true }]
    : [];
}

/** The content of a Secret or ConfigMap is not known, so that nobody can judge it. */
function unfitIn({ input, answer }: Line): Shortcoming[] {
  const rule = ruleBrokenBy(input, answer);
  return rule === undefined ? [] : [{ name: input.name, rule }];
}

function ruleBrokenBy(input: UserInput, answer: Answer): string | undefined {
  switch (answer.kind) {
    case 'config':
      return isSecret(input) && !answer.isFromSecret ? BY_SECRET : ruleBrokenByValue(input, answer.value);
    case 'given':
      return ruleBrokenByValue(input, answer.given.value);
    case 'generated':
    case 'default':
    case 'none':
      return undefined;
  }
}

function ruleBrokenByValue(input: UserInput, value: string | undefined): string | undefined {
  const byValue = isSecret(input) ? BY_SECRET : undefined;
  return value === undefined ? undefined : (byValue ?? faultOf(input, value));
}

function inOrder<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
