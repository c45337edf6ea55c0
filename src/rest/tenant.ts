import { z } from 'zod';
import { DNS_LABEL } from '../api/names.ts';
import type { Caller } from './callers.ts';
import { RestProblem } from './problem.ts';

/** A namespace in a request. `namespaceFor` judges it, and says more than a pattern. */
export function namespaceField(description: string) {
  return z.string().meta({ description, maxLength: 63, pattern: DNS_LABEL.source, examples: ['shop'] });
}

/** The namespace that a request is about: of the header, of the query, or of the service account that asks. */
export function namespaceFor(
  caller: Pick<Caller, 'namespace'>,
  { header, query }: { readonly header: string | undefined; readonly query: string | undefined },
): string {
  if (header !== undefined && query !== undefined && header !== query) {
    throw new RestProblem(400, 'NamespaceUnclear', 'Name one namespace: X-Namespace and ?namespace= differ');
  }
  const namespace = query ?? header ?? caller.namespace;
  if (namespace === undefined) {
    throw new RestProblem(
      400,
      'NamespaceMissing',
      'Name the namespace with the header X-Namespace or with ?namespace=: the token is no service account of one',
    );
  }
  if (!DNS_LABEL.test(namespace)) {
    throw new RestProblem(400, 'NamespaceInvalid', 'Name a namespace: at most 63 of a-z, 0-9 and -');
  }
  return namespace;
}
