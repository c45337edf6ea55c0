import type { Release } from '../../api/provider.ts';
import { child, labelsOf, metadataOf, selectorOf, type Child } from './children.ts';
import type { Installation, ServicePort } from '../state/observed.ts';

/** The ports that serve until a rollout is done, and the numbers of the pods' ports by name. */
export interface Serving {
  readonly ports: readonly ServicePort[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** The ports that pods have of their own, and to which number of the container each name leads. */
interface Own {
  readonly ports: readonly ServicePort[] | undefined;
  readonly numbers: ReadonlyMap<string, number> | undefined;
}

/** A port of the Service and the number to which it leads now. */
interface OwnPort extends ServicePort {
  readonly containerPort: number | undefined;
}

/** The ports of the Service of a release, once nothing else serves any more; undefined where it has none. */
export function servicePorts({ runtime }: Pick<Release, 'runtime'>): readonly ServicePort[] | undefined {
  const published = runtime?.ports ?? [];
  return published.length === 0
    ? undefined
    : published.map(({ name, containerPort, servicePort = containerPort, protocol = 'TCP' }) => ({
        name,
        port: servicePort,
        protocol,
        targetPort: name,
      }));
}

/**
 * The Service for pods that have these ports; undefined where they have none. During a rollout it also has the ports of the
 * pods that still serve.
 */
export function serviceFor(installation: Installation, { ports, numbers }: Own, serving?: Serving): Child | undefined {
  const own = ports?.map((port): OwnPort => ({ ...port, containerPort: numbers?.get(String(port.targetPort)) }));
  return own && serviceWith(installation, serving ? unionOf(serving, own) : own.map(withoutNumber));
}

function withoutNumber({ containerPort: _, ...port }: OwnPort): ServicePort {
  return port;
}

function serviceWith(installation: Installation, ports: readonly ServicePort[]): Child {
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
function unionOf(serving: Serving, own: readonly OwnPort[]): ServicePort[] {
  const same = (a: ServicePort) => (b: ServicePort) => a.port === b.port && a.protocol === b.protocol;
  const kept = serving.ports.map((old) => {
    const next = own.find(same(old));
    const number = typeof old.targetPort === 'number' ? old.targetPort : serving.numbers.get(old.targetPort);
    return next && next.name !== old.targetPort && number !== undefined && next.containerPort === number
      ? { ...old, targetPort: number }
      : old;
  });
  const names = new Set(kept.map((p) => p.name));
  const added = own
    .filter((p) => !kept.some(same(p)))
    .map(withoutNumber)
    .map((p) => (names.has(p.name) ? { ...p, name: `p${p.port}-${p.protocol.toLowerCase()}` } : p));
  return [...kept, ...added];
}
