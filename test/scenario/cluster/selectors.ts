import type { ApiObject } from './object.ts';

export type Matches = (object: ApiObject) => boolean;

/** Knows the selectors that the operator uses: `key` or `key=value` of labels, and `metadata.name!=value` of fields. */
export function matcher(labelSelector = '', fieldSelector = '', namespace = ''): Matches {
  const [label = '', value] = labelSelector.split('=');
  const [field, not] = fieldSelector.split('!=');
  if (fieldSelector !== '' && field !== 'metadata.name') {
    throw new Error(`The fake API server does not know the field selector "${fieldSelector}"`);
  }
  return ({ metadata }) =>
    (namespace === '' || metadata.namespace === namespace) &&
    (labelSelector === '' || hasLabel(metadata.labels, label, value)) &&
    (fieldSelector === '' || metadata.name !== not);
}

function hasLabel(labels: ApiObject['metadata']['labels'], label: string, value: string | undefined): boolean {
  return value === undefined ? labels?.[label] !== undefined : labels?.[label] === value;
}
