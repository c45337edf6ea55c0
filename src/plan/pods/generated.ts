import { hash } from '../../api/hash.ts';
import { problem, type Problem } from '../../api/problem.ts';
import { generation, type UserInput } from '../../api/user-input.ts';
import { secretPart } from '../catalogue/inputs.ts';
import type { GeneratedSecret, Installation, Observed, RolloutRecord } from '../state/observed.ts';

/** A secret value that the operator makes once for an input, and keeps in a Secret of the tenant. */
export interface Generated {
  readonly input: string;
  /** Where pods find it. */
  readonly ref: { readonly name: string; readonly key: string };
  readonly length: number;
  readonly alphabet: string;
  /** What is remembered of it; undefined where it is to be made. */
  readonly note: GeneratedSecret | undefined;
  /** It was made, so that where it is not there any more nobody may make another. */
  readonly isMade: boolean;
}

function secretName({ name, spec }: Pick<Installation, 'name' | 'spec'>, input: string): string {
  return `${name}-${secretPart(input)}-${hash(spec.provider)}`;
}

/**
 * The generated value of an input. Its key in the Secret is one that nobody else would choose, so that a Secret of somebody
 * else that has this name is never given to a pod, although the operator cannot read any.
 */
export function generatedFor(
  { installation, revisions }: Pick<Observed, 'installation' | 'revisions'>,
  records: readonly (Pick<RolloutRecord, 'inputs'> | undefined)[],
  input: Pick<UserInput, 'name' | 'generate'>,
): Generated {
  const name = secretName(installation, input.name);
  const note = revisions
    .filter((r) => r.kind === 'generated')
    .find((r) => r.name === name && r.provider === installation.spec.provider);
  const recorded = records
    .flatMap((record) => record?.inputs ?? [])
    .find(({ generated }) => generated?.name === name)?.generated;
  return {
    input: input.name,
    ref: { name, key: note?.key ?? recorded?.key ?? `value-${hash([installation.uid, input.name])}` },
    ...generation(input.generate ?? {}),
    note,
    isMade: note?.isMade === true || recorded !== undefined,
  };
}

/** It is not there any more. Nobody makes another: what was encrypted with it would be lost. */
export function secretLost({ name, key, input }: SecretKey): Problem {
  return problem(
    'GeneratedSecretLost',
    `Restore Secret "${name}" with key "${key}" from a backup: it was deleted, and another value of "${input}" would not fit what was made with it. To go on with another value, give "${input}" in userInputs by valueFrom.secretKeyRef`,
  );
}

interface SecretKey {
  readonly name: string;
  readonly key: string;
  readonly input: string;
}
