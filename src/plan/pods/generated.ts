import { hash } from '../../api/hash.ts';
import { problem, type Problem } from '../../api/problem.ts';
import { generation, type UserInput } from '../../api/user-input.ts';
import { secretPart } from '../catalogue/inputs.ts';
import type { Installation, Observed, RolloutRecord } from '../state/observed.ts';

/** A secret value that the operator makes once for an input, and keeps in a Secret of the tenant. */
export interface Generated {
  readonly input: string;
  /** Where pods find it. */
  readonly ref: { readonly name: string; readonly key: string };
  readonly length: number;
  readonly alphabet: string;
  /** There is a note of it. */
  readonly isNoted: boolean;
  /** It was made, so that where it is not there any more nobody may make another. */
  readonly isMade: boolean;
}

/** Two installations whose names begin alike must not come to the same name. */
function nameOf({ name, spec }: Pick<Installation, 'name' | 'spec'>, input: string) {
  const id = hash([name, input, spec.provider]);
  return { name: `${name}-${secretPart(input)}-${id}`, key: `value-${id}` };
}

/**
 * The generated value of an input. Its key in the Secret is one that nobody else would choose, so that a Secret of somebody
 * else that has this name is never given to a pod, although the operator cannot read any.
 */
export function generatedFor(
  { installation, revisions, deployment }: Pick<Observed, 'installation' | 'revisions' | 'deployment'>,
  records: readonly (Pick<RolloutRecord, 'inputs'> | undefined)[],
  input: Pick<UserInput, 'name' | 'generate'>,
): Generated {
  const ref = nameOf(installation, input.name);
  const isIts = ({ name }: { readonly name: string }) => name === ref.name;
  const note = revisions.filter((r) => r.kind === 'generated').find(isIts);
  const recorded = records.flatMap((record) => record?.inputs ?? []).flatMap(({ generated }) => generated ?? []);
  // Where somebody deleted all notes and records, what runs still says it.
  const inUse = [...recorded, ...(deployment?.secrets ?? [])].find(isIts);
  return {
    input: input.name,
    ref: { name: ref.name, key: note?.key ?? inUse?.key ?? ref.key },
    ...generation(input.generate ?? {}),
    isNoted: note !== undefined,
    isMade: note?.isMade === true || inUse !== undefined,
  };
}

/** Nobody else names a key like that. */
export function isGeneratedKey(key: string): boolean {
  return /^value-[0-9a-f]{16}$/.test(key);
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
