import { child, labelsOf, metadataOf, selectorOf, type Child, type Inputs } from './children.ts';
import type { Installation, ServicePort } from './observed.ts';

/** What serves until a rollout is done: the ports of the Service, and the numbers of the pods' ports by name. */
export interface Serving {
  readonly ports: readonly ServicePort[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** Undefined where the release has no ports. During a rollout it also has the ports of the pods that still serve. */
export function serviceOf({ installation, release }: Inputs, serving?: Serving): Child | undefined {
  const published = release.runtime?.ports ?? [];
  if (published.length === 0) {
    return undefined;
  }
  const own = published.map(
    ({
      name,
      containerPort,
      servicePort = containerPort,
      protocol = 'TCP',
    }): ServicePort & { containerPort: number } => ({
      name,
      port: servicePort,
      protocol,
      targetPort: name,
      containerPort,
    }),
  );
  return serviceWith(installation, serving ? unionOf(serving, own) : own.map(({ containerPort: _, ...port }) => port));
}

export function serviceWith(installation: Installation, ports: readonly ServicePort[]): Child {
  return child({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadataOf(installation, labelsOf(installation)),
    spec: { type: 'ClusterIP', selector: selectorOf(installation.name), ports },
  });
}

/**
 * The ports of the pods that serve, and those of the new release beside them. Where both want one port, the pods that
 * serve keep it, so that a rollout that fails has taken nothing from anybody; by its number, if the two releases differ in
 * the name alone, so that old and new pods serve it side by side.
 */
function unionOf(serving: Serving, own: readonly (ServicePort & { containerPort: number })[]): ServicePort[] {
  const same = (a: ServicePort) => (b: ServicePort) => a.port === b.port && a.protocol === b.protocol;
  const kept = serving.ports.map((old) => {
    const next = own.find(same(old));
    const number = typeof old.targetPort === 'number' ? old.targetPort : serving.numbers.get(old.targetPort);
    return next && next.name !== old.targetPort && next.containerPort === number ? { ...old, targetPort: number } : old;
  });
  const names = new Set(kept.map((p) => p.name));
  const added = own
    .filter((p) => !kept.some(same(p)))
    .map(({ containerPort: _, ...p }) =>
      names.has(p.name) ? { ...p, name: `p${p.port}-${p.protocol.toLowerCase()}` } : p,
    );
  return [...kept, ...added];
}
