/** The part of an object's metadata that the runtime itself looks at. */
export interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `namespace/name`, or `name` for what lives in no namespace: what queues and stores are keyed by. */
export function objectKey({ namespace, name = '' }: ObjectMetadata): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** The namespace of a key; empty for what lives in none. */
export function namespaceOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')));
}
