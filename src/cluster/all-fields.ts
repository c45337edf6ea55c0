import type { Fields } from './owned-fields.ts';

/** The shape of what the operator writes, as far as managedFields depend on it: the API server does not say it of an object. */

/**
 * What tells the items of a list apart, by the name of the list (`x-kubernetes-list-map-keys` of the API); a list without keys is
 * of one piece.
 */
const KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  containers: [['name']],
  initContainers: [['name']],
  volumes: [['name']],
  imagePullSecrets: [['name']],
  env: [['name']],
  volumeMounts: [['mountPath']],
  volumeDevices: [['devicePath']],
  hostAliases: [['ip']],
  topologySpreadConstraints: [['topologyKey', 'whenUnsatisfiable']],
  // Of a container, and of a Service.
  ports: [
    ['containerPort', 'protocol'],
    ['port', 'protocol'],
  ],
};

/** Objects that are owned whole (`x-kubernetes-map-type: atomic`). */
const ATOMIC: ReadonlySet<string> = new Set([
  'labelSelector',
  'nodeSelector',
  'selector',
  'fieldRef',
  'resourceFieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'fileKeyRef',
]);

/** All fields of the value of a field but those left out, as managedFields name them. Undefined: there is none. */
export function fieldsOf(
  value: unknown,
  name = '',
  isLeftOut: (name: string, value: unknown) => boolean = () => false,
): Fields | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => [keysOf(item, name), fieldsOf(item, '', isLeftOut) ?? {}] as const);
    return Object.fromEntries(
      items.flatMap(([keys, fields]) => (keys ? [[`k:${JSON.stringify(keys)}`, { '.': {}, ...fields }]] : [])),
    );
  }
  if (typeof value !== 'object' || value === null || ATOMIC.has(name)) {
    return {};
  }
  const members = Object.entries(value).filter(([member, below]) => !isLeftOut(member, below));
  return Object.fromEntries(
    members.map(([member, below]) => [`f:${member}`, fieldsOf(below, member, isLeftOut) ?? {}]),
  );
}

/** What tells an item of the list of this name from the others. Undefined where it is of one piece with them. */
export function keysOf(item: unknown, list: string): Readonly<Record<string, unknown>> | undefined {
  const keys = KEYS[list]?.find((names) => names.every((key) => Object.hasOwn(item as object, key)));
  return keys && Object.fromEntries(keys.map((key) => [key, (item as Record<string, unknown>)[key]]));
}
