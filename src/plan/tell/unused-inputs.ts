import { verdict, type Verdict } from '../../api/conditions.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Observed } from '../state/observed.ts';
import type { State } from '../state/state.ts';
import type { Findings } from './findings.ts';

/** Answers that reach no pod, though nothing is wrong with the others: one that nobody asks for, and one that comes later. */
export function unusedInputs(findings: Findings): Verdict[] {
  const unknown = whatNobodyAsksFor(findings);
  const told = [unknown, whatComesLater(findings)].filter((text) => text !== undefined);
  const reason = unknown === undefined ? 'WaitsForUpgrade' : 'UnknownUserInput';
  return told.length === 0 ? [] : [verdict('InputsUnused', 'True', reason, told.join('; '))];
}

function whatComesLater({ decision }: Findings): string | undefined {
  const waiting = decision.kind === 'run' ? decision.inputs.sheet.waiting : [];
  return waiting.length === 0
    ? undefined
    : `The new answer to ${quoted(waiting)} reaches the pods with the next upgrade`;
}

function whatNobodyAsksFor({ observed, state }: Findings): string | undefined {
  const { catalogue, installation } = observed;
  const { provider, userInputs = [] } = installation.spec;
  const known = catalogue && userInputs.length > 0 ? inputsAskedFor(observed, catalogue, state) : undefined;
  const unknown = userInputs.map(({ name }) => name).filter((name) => known?.has(name) === false);
  if (!known || unknown.length === 0) {
    return undefined;
  }
  const hint = known.size === 0 ? '' : `; releases ask for ${quoted([...known].sort())}`;
  return `Correct or remove ${quoted(unknown)} in userInputs: no release of "${provider}" asks for ${unknown.length > 1 ? 'them' : 'it'}${hint}`;
}

/**
 * By any release, by any version of what it may run on, and by what was published when pods were made. Undefined where something
 * is published with a mistake: it may ask for more.
 */
function inputsAskedFor(
  { installation, software }: Observed,
  { releases, invalid }: Catalogue,
  { software: present, records }: State,
): ReadonlySet<string> | undefined {
  const ofRecords = records.flatMap(({ inputs = [] }) => inputs);
  const names = new Set([...ofRecords, ...releases.flatMap((r) => r.userInputs ?? [])].map(({ name }) => name));
  const wished = installation.spec.systemSoftware ?? [];
  const needed = releases.flatMap((r) => r.systemSoftwareDependencies ?? []);
  // What a set holds is visited although it is added meanwhile.
  const pieces = new Set([...present.keys(), ...[...wished, ...needed].map(({ name }) => name)]);
  let mistakes = invalid.length;
  for (const piece of pieces) {
    const published = software.get(piece);
    mistakes += published?.invalid.length ?? 0;
    for (const { userInputs = [], dependencies = [] } of published?.releases ?? []) {
      userInputs.forEach(({ name }) => names.add(name));
      dependencies.forEach(({ name }) => pieces.add(name));
    }
  }
  return mistakes > 0 ? undefined : names;
}

const MOST_SHOWN = 8;

function quoted(names: readonly string[]): string {
  const shown = names.slice(0, MOST_SHOWN).map((name) => `"${name}"`);
  return names.length > MOST_SHOWN ? `${shown.join(', ')} and ${names.length - MOST_SHOWN} more` : shown.join(', ');
}
