import { ruleOf } from '../../api/input-schema.ts';
import type { RecordedInput } from '../../api/record.ts';
import { isSecret } from '../../api/user-input.ts';
import type { Observed } from '../state/observed.ts';
import type { AskedInput } from './asked.ts';
import { escapeExpansion, variable, type ContainerVariable } from './environment.ts';
import type { Generated } from './generated.ts';

/** What is wrong with an answer, or what is missing: the input, and the rule that holds for it. */
export interface Shortcoming {
  readonly name: string;
  /** The system software that asks for it, where the release does not. */
  readonly by?: string | undefined;
  /** The variable of the config that answers it. */
  readonly variable?: string | undefined;
  readonly rule: string;
  /** Git may still deliver it. */
  readonly mayArrive?: boolean;
}

/** The answers to all that a release and its system software ask for. */
export interface Sheet {
  /** Sorted by name. What the tenant's config sets is not among them. */
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
  | {
      readonly kind: 'config';
      readonly variable: string;
      readonly value?: string | undefined;
      readonly isFromSecret: boolean;
      /** What pods keep where the config does not say it any more. */
      readonly kept: Given | undefined;
    }
  | { readonly kind: 'given'; readonly given: Given }
  | { readonly kind: 'generated'; readonly generated: Generated }
  | { readonly kind: 'default'; readonly value: string }
  | {
      readonly kind: 'none';
      readonly isMissing: boolean;
      /** It is required, and was asked for at the installation only, which was before. */
      readonly isExcused: boolean;
    };

export interface Line {
  readonly input: AskedInput;
  readonly answer: Answer;
  /** Pods keep what they have, and the spec says something else by now. */
  readonly isOther: boolean;
  /** The rule that it breaks, in words. */
  readonly broken: string | undefined;
}

/** Whether no pods can be made with it. */
export function isIncomplete({ missing, unfit, tooLate }: Sheet): boolean {
  return missing.length + unfit.length + tooLate.length > 0;
}

export function sheetOf(lines: readonly Line[], cluster: Cluster): Sheet {
  // Two inputs may have the same variable: a default never takes the place of what was given.
  const byStrength = lines.toSorted(
    (a, b) => Number(b.answer.kind === 'default') - Number(a.answer.kind === 'default'),
  );
  const variables = new Map(byStrength.flatMap(variablesOf).map((v) => [v.name, v]));
  const others = lines.filter(({ isOther }) => isOther).map(({ input }) => input);
  return {
    env: inOrder([...variables.values()]),
    inputs: inOrder(lines.map(recordOf)),
    generated: lines.flatMap(({ answer }) => (answer.kind === 'generated' ? [answer.generated] : [])),
    missing: lines.flatMap((line) => missingIn(line, cluster)),
    unfit: lines.flatMap(({ input: { name, by }, answer, broken }) =>
      broken === undefined
        ? []
        : [{ name, by, rule: broken, ...(answer.kind === 'config' && { variable: answer.variable }) }],
    ),
    tooLate: others
      .filter(({ lifecycle }) => lifecycle !== 'update')
      .map(({ name, by }) => ({ name, by, rule: TOO_LATE })),
    waiting: others.filter(({ lifecycle }) => lifecycle === 'update').map(({ name }) => name),
  };
}

/** What is known of the cluster. */
type Cluster = Pick<Observed, 'references' | 'mayGenerate'>;

const NOT_GENERATED =
  'is to be generated: ask the platform team to set generatedSecrets to true in the values of the chart, or give it by valueFrom.secretKeyRef';
const TOO_LATE = 'is given once, at the installation, and the pods keep what they have: remove it, or set it back';
export const BY_SECRET = 'must come from a Secret: give it by secretKeyRef';

function variablesOf({ input, answer }: Line): ContainerVariable[] {
  return input.variables.flatMap((name) => {
    switch (answer.kind) {
      case 'given': {
        const { value = '', secretKeyRef } = answer.given;
        return [secretKeyRef ? { name, valueFrom: { secretKeyRef } } : variable(name, escapeExpansion(value))];
      }
      case 'generated':
        return [{ name, valueFrom: { secretKeyRef: answer.generated.ref } }];
      case 'default':
        return [variable(name, escapeExpansion(answer.value))];
      case 'config':
      case 'none':
        return [];
    }
  });
}

function recordOf({ input: { name, lifecycle }, answer }: Line): RecordedInput {
  const asked = { name, ...(lifecycle && { lifecycle }) };
  switch (answer.kind) {
    case 'given':
      return { ...asked, ...answer.given };
    case 'generated':
      return { ...asked, generated: answer.generated.ref };
    case 'default':
      return { ...asked, value: answer.value, by: 'release' };
    case 'config':
      return { ...asked, ...answer.kept, by: 'config' };
    case 'none':
      return answer.isExcused ? { ...asked, by: 'nobody' } : asked;
  }
}

function missingIn({ input, answer }: Line, { references, mayGenerate }: Cluster): Shortcoming[] {
  const { name, by } = input;
  if (answer.kind === 'generated' && !answer.generated.isMade && !mayGenerate) {
    return [{ name, by, rule: NOT_GENERATED }];
  }
  if (answer.kind === 'none' && answer.isMissing) {
    return [{ name, by, rule: isSecret(input) ? BY_SECRET : ruleOf(input) }];
  }
  const ref = answer.kind === 'given' ? answer.given.secretKeyRef : undefined;
  return ref && references.content('Secret', ref.name, ref.key).kind === 'missing'
    ? [{ name, by, rule: `needs key "${ref.key}" of Secret "${ref.name}", which is not there`, mayArrive: true }]
    : [];
}

export function inOrder<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
