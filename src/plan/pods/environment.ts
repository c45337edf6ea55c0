import { hash } from '../../api/hash.ts';
import type { InstallationSpec } from '../../api/installation.ts';
import type { Runtime } from '../../api/runtime.ts';
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

const MAX_BYTES = 64 * 1024;

/** Makes environment variables of `config` and `configFrom`, or says why it cannot. */
export function readConfiguration(
  spec: InstallationSpec,
  references: References,
  reservedNames: readonly string[],
): Configuration | Problem {
  const config = Object.entries(spec.config ?? {});
  const configFrom = spec.configFrom ?? [];
  const names = [...config.map(([name]) => name), ...configFrom.map((e) => e.name)];
  const reserved = names.filter((name) => isReserved(name, reservedNames)).sort();
  if (reserved.length > 0) {
    return problem('ReservedEnvName', `Remove ${quoted(reserved)} from config and configFrom: reserved`);
  }
  const bytes = config.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0);
  if (bytes > MAX_BYTES) {
    return problem(
      'ConfigTooLarge',
      `Shorten config to ${MAX_BYTES} bytes, it has ${bytes}: put large values into a ConfigMap`,
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
        `Create ${kind} "${ref.name}" with key "${ref.key}": configFrom takes "${entry.name}" from it`,
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

/**
 * The variables of a container: those of the system software, then those of the release in its author's order, because
 * one may refer to another before it, then the tenant's. A later one replaces an earlier one of the same name.
 */
export function containerEnv(
  runtime: Runtime,
  documentRoot: string | undefined,
  tenant: readonly ContainerVariable[],
  software: readonly { readonly name: string; readonly value?: string | undefined }[] = [],
): ContainerVariable[] {
  const taken = new Set(tenant.map((e) => e.name));
  const own = [
    ...software.map((e) => variable(e.name, e.value ?? '')),
    ...(runtime.env ?? []).map((e) => variable(e.name, e.value ?? '')),
    ...(documentRoot === undefined ? [] : [variable('DOCUMENT_ROOT', escapeExpansion(documentRoot))]),
  ];
  const released = own.filter(
    (e, index) => !taken.has(e.name) && own.findLastIndex((o) => o.name === e.name) === index,
  );
  return [...released, ...tenant];
}

/** Whether `name` is on the list; an entry that ends in `*` stands for every name with that beginning. */
export function isReserved(name: string, reservedNames: readonly string[]): boolean {
  return reservedNames.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry));
}

/**
 * Makes a value reach the process as it was written: Kubernetes expands `$(X)` and halves `$$`.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function escapeExpansion(value: string): string {
  return value.includes('$(') || value.includes('$$') ? value.replaceAll('$', '$$$$') : value;
}

function variable(name: string, value: string): ContainerVariable {
  return value === '' ? { name } : { name, value };
}

/** The first few: a message is to be read. */
function quoted(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => `"${name.slice(0, 128)}"`);
  return names.length > 5 ? `${first.join(', ')} and ${names.length - 5} more` : first.join(', ');
}
