import type { Json, JsonObject } from '../../cluster/merge-patch.ts';
import { faultOf } from '../../api/input-schema.ts';
import type { Release } from '../../api/provider.ts';
import { isSecret } from '../../api/user-input.ts';
import type { Prospect } from '../../plan/ask/prospect.ts';
import { askedBy, type AskedInput } from '../../plan/pods/asked.ts';
import type { Observed } from '../../plan/state/observed.ts';
import type { Live } from '../installations.ts';
import { bad } from './bad.ts';
import { listField } from './list-field.ts';
import type { PatchRequest } from './shapes.ts';

/** The answers of a request of the second seed, as those of a spec. */

/** What a request gives: plain values, and those that go into a Secret. */
export interface Inputs {
  /** Undefined: it is removed. */
  readonly given: ReadonlyMap<string, string | undefined>;
  readonly secrets: ReadonlyMap<string, string>;
}

/** Which names may be given depends on the version that they are for. */
export function inputsIn(
  { installation }: Observed,
  { userInputs = [] }: Pick<PatchRequest, 'userInputs'>,
  target: Release | undefined,
  { outlook }: Prospect,
): Inputs {
  demandOnce(userInputs);
  const given = new Map<string, string | undefined>();
  const secrets = new Map<string, string>();
  const known = new Map((installation.spec.userInputs ?? []).map((answer) => [answer.name, answer]));
  const asked = target ? askedOf(target, outlook) : new Map<string, AskedInput>();
  for (const { name, value } of userInputs) {
    const input = asked.get(name);
    if (value === null) {
      given.set(name, undefined);
      continue;
    }
    if (!input && !known.has(name)) {
      const names = [...asked.keys()].map((one) => `"${one}"`).join(', ') || 'nothing';
      throw bad(
        'UnknownUserInput',
        `Remove "${name}" from userInputs: ${target?.version ?? 'the version'} asks for ${names}`,
      );
    }
    // Nobody can tell where the release is not published any more: what was in a Secret stays in one.
    if (input ? isSecret(input) : known.get(name)?.valueFrom) {
      demandFit(input, value);
      secrets.set(name, value);
    } else {
      given.set(name, value);
    }
  }
  return { given, secrets };
}

/** Refuses a value of a secret input that breaks its rule: once it is in a Secret nobody can judge it. */
export function demandFit(input: AskedInput | undefined, value: string | null): void {
  const fault = input && value !== null && isSecret(input) ? faultOf({ ...input, secret: false }, value) : undefined;
  if (input && fault !== undefined) {
    throw bad('InvalidUserInput', `Correct "${input.name}" in userInputs: it ${fault}`);
  }
}

/** A name that is given twice has two values, and nobody knows which one is meant. */
export function demandOnce(answers: readonly { readonly name: string }[]): void {
  const twice = answers.find(({ name }, i) => answers.findIndex((one) => one.name === name) < i);
  if (twice) {
    throw bad('InvalidUserInput', `Give "${twice.name}" in userInputs once: it is there more than once`);
  }
}

/** With what the system software asks for that the release would get. */
export function askedOf(release: Release, outlook: Prospect['outlook']): ReadonlyMap<string, AskedInput> {
  const resolution = outlook?.input.software?.resolve(release);
  const uses = resolution?.kind === 'resolution' ? resolution.uses : [];
  return new Map(askedBy(release, uses).map((input) => [input.name, input]));
}

type Answer = { readonly [member: string]: Json } & { readonly name: string };

/** Merged by name, into the list as it is stored. */
export function answerFields({ raw }: Live, { given, secrets }: Inputs, secret: string | undefined): JsonObject {
  const stored = (raw.spec?.['userInputs'] ?? []) as unknown as readonly Answer[];
  const answers = new Map(stored.map((answer) => [answer.name, answer]));
  for (const [name, value] of given) {
    if (value === undefined) {
      answers.delete(name);
    } else {
      answers.set(name, { name, value });
    }
  }
  for (const name of secrets.keys()) {
    answers.set(name, { name, valueFrom: { secretKeyRef: { name: secret ?? '', key: name } } });
  }
  return listField('userInputs', stored, [...answers.values()]);
}
