import { LABEL } from '../../api/names.ts';
import { problem, type Problem } from '../../api/problem.ts';
import { labelsOf, type Child } from '../pods/children.ts';
import type { Generated } from '../pods/generated.ts';
import type { Installation } from '../state/observed.ts';

/**
 * Makes the Secret of a generated input, or sees that it is still there. A note of it is written first, so that after a crash
 * in between the operator knows that a Secret of this name is its own; and is marked afterwards, because what was there once
 * is never made anew: another key would be lost data.
 */
export interface Generating {
  readonly kind: 'generate';
  readonly child: 'ControllerRevision';
  readonly input: string;
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly length: number;
  readonly alphabet: string;
  /** Of note and Secret. */
  readonly labels: Readonly<Record<string, string>>;
  /** The note, where it has to be written first. */
  readonly note: Child['object'] | undefined;
  /** It was made before. */
  readonly isMade: boolean;
}

export function generating(
  installation: Installation,
  { input, ref, length, alphabet, isNoted, isMade }: Generated,
): Generating {
  const { namespace, spec } = installation;
  const { provider } = spec;
  const labels = { ...labelsOf(installation), [LABEL.generated]: 'true' };
  const object: Child['object'] = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    // Without an owner: an installation of the same name and provider finds it again.
    metadata: { name: ref.name, namespace, labels, ownerReferences: [] },
    data: { generated: { provider, key: ref.key } },
    revision: 1,
  };
  return {
    kind: 'generate',
    child: 'ControllerRevision',
    input,
    namespace,
    name: ref.name,
    key: ref.key,
    length,
    alphabet,
    labels,
    note: isNoted ? undefined : object,
    isMade,
  };
}

export function secretNameTaken({ name, input }: Pick<Generating, 'name' | 'input'>): Problem {
  return problem(
    'NameConflict',
    `Give "${input}" in userInputs by valueFrom.secretKeyRef: a generated one needs the name of Secret "${name}", and nothing says that the operator made that. If it is needed by nobody, delete it`,
  );
}

export function generationNotAllowed(input: string): Problem {
  return problem(
    'GenerationNotAllowed',
    `Ask the platform team to set generatedSecrets to true in the values of the chart, so that "${input}" can be generated, or give it in userInputs by valueFrom.secretKeyRef`,
  );
}
