import { v5 } from 'uuid';
import { memo } from '../../api/memo.ts';

/**
 * Ids of what is published, made of its name: so they survive a catalogue that is deleted and made again, and are the same in
 * every cluster. Installations have the uid that Kubernetes gave them.
 * https://www.rfc-editor.org/rfc/rfc9562#section-5.5
 */

/** Never changes: clients keep ids. */
const NAMESPACE = '3b6e1f0c-8d1a-4c55-9f0e-5a7c2d4e9b11';

/** Of `org/name`, of `org/name@version`, of `software/name` and of `software/name@version`. */
const idOf = memo(50_000, (name: string) => v5(name, NAMESPACE));

/** `provider`: org/name. */
export function appId(provider: string): string {
  return idOf(provider);
}

export function appVersionId(provider: string, version: string): string {
  return idOf(`${provider}@${version}`);
}

export function softwareId(name: string): string {
  return idOf(`software/${name}`);
}

export function softwareVersionId(name: string, version: string): string {
  return idOf(`software/${name}@${version}`);
}
