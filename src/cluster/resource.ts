/** A type of object that the API server serves. */
export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ObjectName {
  readonly name: string;
  /** None for an object of the cluster. */
  readonly namespace?: string | undefined;
}

/** `deployments.apps`, as kubectl and RBAC say it. */
export function resourceLabel({ plural, group }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The path of all objects, or of those in a namespace. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}/${apiVersionOf(resource)}${scope}/${resource.plural}`;
}

/** The path of one object or of a part of it, such as its status. */
export function objectPath(resource: Resource, { name, namespace }: ObjectName, subresource?: string): string {
  const path = `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** `deployments.apps "shop/web"`, for messages. */
export function describeObject(resource: Resource, { name, namespace }: ObjectName): string {
  return `${resourceLabel(resource)} "${namespace ? `${namespace}/` : ''}${name}"`;
}
