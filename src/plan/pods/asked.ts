import type { Release } from '../../api/provider.ts';
import { envOf, type UserInput } from '../../api/user-input.ts';
import type { SoftwareUse } from '../software/resolution.ts';

/** An input that is asked for when pods are made. */
export interface AskedInput extends UserInput {
  /** The environment variables that have it. */
  readonly variables: readonly string[];
  /** The system software that alone asks for it, as `php 8.3.12`. */
  readonly by: string | undefined;
}

/**
 * All that is asked for. What several ask for by one name is one input: what the release says of it counts, else what the last
 * system software says, and each gets it in its own variable.
 */
export function askedBy({ userInputs = [] }: Pick<Release, 'userInputs'>, uses: readonly SoftwareUse[]): AskedInput[] {
  const all = new Map<string, AskedInput>();
  const ofSoftware = uses.flatMap(({ name, version, release }) =>
    (release?.userInputs ?? []).map((input) => ({ input, by: `${name} ${version}` })),
  );
  for (const { input, by } of [...ofSoftware, ...userInputs.map((one) => ({ input: one, by: undefined }))]) {
    const other = all.get(input.name);
    const variables = [...new Set([...(other?.variables ?? []), envOf(input)])];
    const required = input.required === true || other?.required === true;
    all.set(input.name, { ...input, required, variables, by });
  }
  return [...all.values()];
}
