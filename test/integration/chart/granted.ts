import { auditEvents, type AuditEvent } from '../../control-plane/audit.ts';
import type { OwnPlane } from './own-plane.ts';

/**
 * Rights as lines: `NAMESPACE VERB RESOURCE`, with the name behind it where the right is to one; `*` stands for all
 * namespaces.
 */
export type Rights = readonly string[];

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

interface Binding {
  readonly kind: 'RoleBinding' | 'ClusterRoleBinding';
  readonly metadata: { readonly namespace?: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly namespace?: string; readonly name: string }[];
}

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** The rights that an account has by the roles that are bound to it. */
export async function grantedTo(plane: OwnPlane, account: Account): Promise<Rights> {
  const list = await plane.kubectl(['get', 'rolebindings,clusterrolebindings', '-A', '-o', 'json']);
  const { items } = JSON.parse(list) as { items: readonly Binding[] };
  const own = items.filter(({ subjects = [] }) =>
    subjects.some((s) => s.kind === 'ServiceAccount' && s.namespace === account.namespace && s.name === account.name),
  );
  const rights = await Promise.all(
    own.map(async ({ kind, metadata, roleRef }) => {
      const place = kind === 'ClusterRoleBinding' ? '*' : (metadata.namespace ?? '');
      const where = roleRef.kind === 'Role' ? ['-n', place] : [];
      const role = await plane.kubectl(['get', roleRef.kind, roleRef.name, ...where, '-o', 'json']);
      const { rules } = JSON.parse(role) as { rules: readonly Rule[] };
      return rules.flatMap((rule) => linesOf(place, rule));
    }),
  );
  return [...new Set(rights.flat())].toSorted();
}

function linesOf(place: string, { verbs, apiGroups = [], resources = [], resourceNames = [''] }: Rule): string[] {
  return verbs.flatMap((verb) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => resourceNames.map((name) => line(place, verb, nameOf(group, resource), name))),
    ),
  );
}

function nameOf(group: string, resource: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

function line(...words: readonly string[]): string {
  return words.filter((word) => word !== '').join(' ');
}

/** The rights that an account has used, in the same words: the granted right where there is one. */
export async function usedBy(account: Account, audit: { log: string; from: number }, granted: Rights): Promise<Rights> {
  const user = `system:serviceaccount:${account.namespace}:${account.name}`;
  const used = new Set<string>();
  for await (const event of auditEvents(audit.log, audit.from)) {
    if (event.user === user) {
      for (const verb of verbsOf(event)) {
        used.add(rightFor(event, verb, granted));
      }
    }
  }
  return [...used].toSorted();
}

/** An apply that creates the object needs two rights. The log has one request. */
function verbsOf({ verb, code }: AuditEvent): string[] {
  return verb === 'patch' && code === 201 ? ['patch', 'create'] : [verb];
}

function rightFor(event: AuditEvent, verb: string, granted: Rights): string {
  const { group, resource, subresource, namespace, name, code } = event;
  const what = nameOf(group, [resource, subresource].filter(Boolean).join('/'));
  if (code === 401 || code === 403) {
    return line(namespace, verb, what, name, `was refused with ${code}`);
  }
  const possible = [namespace, '*'].flatMap((place) => [line(place, verb, what, name), line(place, verb, what)]);
  return possible.find((right) => granted.includes(right)) ?? line(namespace, verb, what, name);
}
