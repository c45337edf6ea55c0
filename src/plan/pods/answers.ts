import { hash } from '../../api/hash.ts';
import type { InstallationSpec } from '../../api/installation.ts';
import type { Release } from '../../api/provider.ts';
import type { RecordedInput } from '../../api/record.ts';
import { envOf, type UserAnswer, type UserInput } from '../../api/user-input.ts';
import { byName } from '../software/set.ts';
import type { SoftwareUse } from '../software/resolution.ts';
import type { Observed, RolloutRecord } from '../state/observed.ts';
import type { State } from '../state/state.ts';
import { generatedFor } from './generated.ts';
import { askedBy, sheetOf, type Answer, type Given, type Sheet } from './sheet.ts';

/** The answers of one installation, for one observation. */
export interface Answers {
  /** To what a release asks for, with the system software that it is to run with. */
  to(release: Release, uses: readonly SoftwareUse[]): Sheet;
  /** Hash of what the tenant gave of a sheet; undefined where that is nothing. */
  hashOf(inputs: readonly RecordedInput[]): string | undefined;
  /** The same of the present answers to what a record was asked for: it changes when the tenant changes one of them. */
  hashAgain(record: Pick<RolloutRecord, 'inputs'> | undefined): string | undefined;
}

/** Where nobody asks for anything. */
const NOTHING: Sheet = { env: [], inputs: [], generated: [], missing: [], unfit: [], tooLate: [], waiting: [] };

/**
 * Reads the answers of the spec. What an input of the lifecycles `installation` and `update` was given stays in the pods,
 * whatever the spec says of it: the first for good, the second until the next upgrade.
 */
export function answersOf(
  observed: Pick<Observed, 'installation' | 'references' | 'revisions'>,
  { stable, base }: Pick<State, 'stable' | 'base'>,
): Answers {
  const { installation, references } = observed;
  const own = new Map((installation.spec.userInputs ?? []).map((answer) => [answer.name, givenIn(answer)]));

  function answerTo(input: UserInput, version: string): Answer {
    const { name } = input;
    const config = configFor(installation.spec, envOf(input));
    const kept = keptOf(input, version);
    const present = own.get(name);
    const given = kept ?? present;
    if (config) {
      return config;
    }
    if (given) {
      return { kind: 'given', given, isOther: present !== undefined && hash(present) !== hash(given) };
    }
    if (input.generate) {
      return { kind: 'generated', generated: generatedFor(observed, [stable, base], input) };
    }
    return input.default === undefined
      ? { kind: 'none', isMissing: input.required === true && isAskedNow(input, version) }
      : { kind: 'default', value: input.default };
  }

  function keptOf({ name, lifecycle }: UserInput, version: string): Given | undefined {
    if (!stable || isAskedAlways(lifecycle)) {
      return undefined;
    }
    const ofBase = base?.version === version ? recordedIn(base, name) : undefined;
    return lifecycle === 'update' ? ofBase : (recordedIn(stable, name) ?? ofBase);
  }

  function isAskedNow({ lifecycle }: UserInput, version: string): boolean {
    return !stable || isAskedAlways(lifecycle) || (lifecycle === 'update' && base?.version !== version);
  }

  function hashOf(inputs: readonly RecordedInput[]): string | undefined {
    const given = inputs
      .filter(({ value, secretKeyRef }) => value !== undefined || secretKeyRef)
      .map(({ name, lifecycle, value, secretKeyRef: ref }) => {
        // Of a Secret that is watched, the content counts, too.
        const content = ref && isAskedAlways(lifecycle) ? references.content('Secret', ref.name, ref.key) : undefined;
        return [name, { value, ref, content: content?.kind === 'hash' ? content.hash : undefined }] as const;
      });
    return given.length === 0 ? undefined : hash(given.toSorted(byName));
  }

  return {
    hashOf,
    to(release, uses) {
      const asked = askedBy(release, uses);
      return asked.length === 0
        ? NOTHING
        : sheetOf(
            asked.map((input) => ({ input, answer: answerTo(input, release.version) })),
            references,
          );
    },
    hashAgain({ inputs = [] } = {}) {
      return hashOf(
        inputs.map((input) =>
          stable && !isAskedAlways(input.lifecycle)
            ? input
            : { name: input.name, lifecycle: input.lifecycle, ...own.get(input.name) },
        ),
      );
    },
  };
}

function isAskedAlways(lifecycle: UserInput['lifecycle'] = 'reconfigure'): boolean {
  return lifecycle === 'reconfigure';
}

function givenIn({ value, valueFrom }: UserAnswer): Given {
  return valueFrom ? { secretKeyRef: valueFrom.secretKeyRef } : { value: value ?? '' };
}

function recordedIn({ inputs = [] }: Pick<RolloutRecord, 'inputs'>, name: string): Given | undefined {
  const found = inputs.find((input) => input.name === name);
  if (found?.secretKeyRef) {
    return { secretKeyRef: found.secretKeyRef };
  }
  return found?.value === undefined ? undefined : { value: found.value };
}

/** A variable that the tenant sets by name answers the input, too. */
function configFor({ config = {}, configFrom = [] }: InstallationSpec, variable: string): Answer | undefined {
  if (Object.hasOwn(config, variable)) {
    return { kind: 'config', value: config[variable], isFromSecret: false };
  }
  const from = configFrom.find((entry) => entry.name === variable);
  return from && { kind: 'config', isFromSecret: from.secretKeyRef !== undefined };
}
