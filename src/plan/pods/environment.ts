import { firstOf } from '../../api/cut.ts';
import { hash } from '../../api/hash.ts';
import { isReserved, type OperatorConfig } from '../../api/operator-config.ts';
import { bytesOf, MOST_CONFIG_BYTES, type InstallationSpec } from '../../api/installation.ts';
import type { References } from '../state/observed.ts';
import { notYet, problem, type Problem } from '../../api/problem.ts';
import { byName } from '../software/set.ts';

/** A variable as the pod gets it. An empty value is left out, because the apiserver drops it and a set variable remains. */
export interface ContainerVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

export interface Configuration {
  readonly kind: 'configuration';
  /** Sorted by name, so that the same config always renders to the same bytes and never rolls pods by accident. */
  readonly env: readonly ContainerVariable[];
  /** Hash of the variables and of what the references hold. */
  readonly hash: string;
}

/** Makes environment variables of `config` and `configFrom`, or says why it cannot. */
export function readConfiguration(
  spec: InstallationSpec,
  references: References,
  operator: Pick<OperatorConfig, 'reservedEnvNames' | 'unreservedEnvNames'>,
): Configuration | Problem {
  const config = Object.entries(spec.config ?? {});
  const configFrom = spec.configFrom ?? [];
  const names = [...config.map(([name]) => name), ...configFrom.map((e) => e.name)];
  const reserved = names.filter((name) => isReserved(name, operator)).sort();
  if (reserved.length > 0) {
    return problem(
      'ReservedEnvName',
      `Remove ${quoted(reserved)} from config and configFrom, or ask the platform team to let tenants set it in unreservedEnvNames`,
    );
  }
  const answers = (spec.userInputs ?? []).map(({ name, value = '' }) => [name, value] as const);
  const bytes = bytesOf([...config, ...answers]);
  if (bytes > MOST_CONFIG_BYTES) {
    return problem(
      'ConfigTooLarge',
      `Shorten config and userInputs to ${MOST_CONFIG_BYTES} bytes, they have ${bytes}: put large values into a ConfigMap or a Secret`,
    );
  }
  const contents: [string, string][] = [];
  for (const entry of configFrom) {
    const kind = entry.configMapKeyRef ? 'ConfigMap' : 'Secret';
    const ref = entry.configMapKeyRef ?? entry.secretKeyRef;
    if (!ref) {
      continue;
    }
    const content = references.content(kind, ref.name, ref.key);
    if (content.kind === 'missing') {
      return notYet(
        `${kind}NotFound`,
        `Create ${kind} "${ref.name}" with key "${ref.key}"${kind === 'ConfigMap' ? ' in its data' : ''}: configFrom takes "${entry.name}" from it`,
      );
    }
    if (content.kind === 'hash') {
      contents.push([entry.name, content.hash]);
    }
  }
  const literal = config.map(([name, value]): ContainerVariable => variable(name, escapeExpansion(value)));
  const referenced = configFrom.map(({ name, secretKeyRef, configMapKeyRef }): ContainerVariable => ({
    name,
    valueFrom: secretKeyRef ? { secretKeyRef } : { configMapKeyRef },
  }));
  const env = [...literal, ...referenced].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { kind: 'configuration', env, hash: hash({ env, contents: contents.sort(byName) }) };
}

/** Who sets variables, the strongest first. */
interface Layers {
  readonly config: readonly ContainerVariable[];
  readonly inputs: readonly ContainerVariable[];
  readonly documentRoot: string | undefined;
  readonly software: readonly Variable[];
  readonly release: readonly Variable[];
}

interface Variable {
  readonly name: string;
  readonly value?: string | undefined;
}

/**
 * The variables of a container. What the tenant sets comes first, then those of the system software, then those of the release
 * in its author's order: Kubernetes expands `$(NAME)` only after the variable that it names.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function containerEnv({ config, inputs, documentRoot, software, release }: Layers): ContainerVariable[] {
  const root = documentRoot === undefined ? [] : [variable('DOCUMENT_ROOT', escapeExpansion(documentRoot))];
  const published = [...software, ...release].map(({ name, value = '' }) => variable(name, value));
  const own = firstOfEach([...config, ...inputs]).sort((a, b) => (a.name < b.name ? -1 : 1));
  return firstOfEach([...own, ...root, ...published]);
}

function firstOfEach(variables: readonly ContainerVariable[]): ContainerVariable[] {
  const byName = new Map<string, ContainerVariable>();
  for (const one of variables) {
    byName.set(one.name, byName.get(one.name) ?? one);
  }
  return [...byName.values()];
}

/**
 * Makes a value reach the process as it was written: Kubernetes expands `$(X)` and halves `$$`.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function escapeExpansion(value: string): string {
  return value.includes('$(') || value.includes('$$') ? value.replaceAll('$', '$$$$') : value;
}

export function variable(name: string, value: string): ContainerVariable {
  return value === '' ? { name } : { name, value };
}

/** The first few: a message is to be read. */
function quoted(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => `"${firstOf(name, 128)}"`);
  return names.length > 5 ? `${first.join(', ')} and ${names.length - 5} more` : first.join(', ');
}
