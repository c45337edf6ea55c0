import { verdict, type Verdict } from '../../api/conditions.ts';
import type { Observed } from '../state/observed.ts';

/** The rest is counted: pods may read many keys of one ConfigMap. */
const MOST_NAMED = 3;

/**
 * ConfigMaps and Secrets that the pods read and that are gone. The pods go on, and none that starts anew would: so it is after a
 * rollback to pods whose ConfigMap has a hash in its name and was pruned with the commit that failed.
 * https://github.com/fluxcd/kustomize-controller/issues/1180
 */
export function referencesMissing({ deployment, references }: Observed): Verdict[] {
  const missing = (deployment?.references ?? []).filter(
    ({ kind, name, key }) => references.content(kind, name, key).kind === 'missing',
  );
  if (missing.length === 0) {
    return [];
  }
  const named = missing.slice(0, MOST_NAMED).map(({ kind, name, key }) => `${kind} "${name}" with key "${key}"`);
  const more = missing.length - named.length;
  return [
    verdict(
      'ReferencesMissing',
      'True',
      'PodsCannotRestart',
      `Put back ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}: the pods that run read it, and none that starts anew would work`,
    ),
  ];
}
