import { isDeepStrictEqual } from 'node:util';
import { ownedFields } from '../../../../src/cluster/owned-fields.ts';
import { ANNOTATION, FIELD_MANAGER } from '../../../../src/api/names.ts';
import { KINDS } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import type { ApiServer } from '../../cluster/server.ts';

export interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly initContainers?: readonly { readonly name: string; readonly image: string }[];
    readonly containers: readonly {
      readonly image: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

export function templateOf(deployment: ApiObject): Template {
  return (deployment['spec'] as { readonly template: Template }).template;
}

export function versionOf(deployment: ApiObject): string | undefined {
  return templateOf(deployment).metadata?.annotations?.[ANNOTATION.version];
}

export function containerOf(deployment: ApiObject): Template['spec']['containers'][number] | undefined {
  return templateOf(deployment).spec.containers[0];
}

/** Whether a version was rolled out completely at some time, even if its pods or the wish have changed since. */
export function wasRolledOut(server: ApiServer, key: string, version: string): boolean {
  return server.history.some(
    (c) =>
      c.kind === KINDS.Deployment && c.key === key && c.after && versionOf(c.after) === version && isRolledOut(c.after),
  );
}

export function isRolledOut({ metadata, ...deployment }: ApiObject): boolean {
  const { replicas } = deployment['spec'] as { readonly replicas: number };
  const status = (deployment['status'] ?? {}) as Readonly<Record<string, number>>;
  return (
    (status['observedGeneration'] ?? 0) >= (metadata.generation ?? 0) &&
    // Surplus pods after a scale-down do no harm.
    status['updatedReplicas'] === status['replicas'] &&
    (status['updatedReplicas'] ?? 0) >= replicas &&
    (status['availableReplicas'] ?? 0) >= replicas
  );
}

/** Whether as many pods are available as are asked for, and the Deployment controller says so. */
export function isAvailable(deployment: ApiObject | undefined): boolean {
  const { conditions = [], availableReplicas = 0 } = (deployment?.['status'] ?? {}) as {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly availableReplicas?: number;
  };
  const { replicas = 1 } = (deployment?.['spec'] ?? {}) as { readonly replicas?: number };
  return (
    availableReplicas >= replicas && conditions.some(({ type, status }) => type === 'Available' && status === 'True')
  );
}

/** What is in the pods that the operator has not put there, as JSON. Undefined where there is nothing. */
export function strangersIn(deployment: ApiObject): string | undefined {
  const { spec } = ownedFields(deployment, FIELD_MANAGER) as {
    readonly spec?: { readonly template?: Partial<Template> };
  };
  const [own, live] = [spec?.template?.spec, templateOf(deployment).spec].map(withoutEmpty);
  return isDeepStrictEqual(own, live) ? undefined : `${JSON.stringify(live)} and not ${JSON.stringify(own)}`;
}

/** An empty text is not stored. */
function withoutEmpty(pod: object = {}): unknown {
  return JSON.parse(JSON.stringify(pod, (_, value: unknown) => (value === '' ? undefined : value)));
}
