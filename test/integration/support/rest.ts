import { request } from 'node:http';
import { auditEvents, auditEnd, type AuditEvent } from '../../control-plane/audit.ts';
import { auditLog } from './cluster.ts';
import { apply, kubectl } from './kubectl.ts';
import { addNamespace } from './namespace.ts';
import type { OperatorProcess } from './operator.ts';

/** An answer of the REST API, with its body as it came and as JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Body;
}

/** What tests look at in any of the answers. */
export interface Body {
  readonly type?: string;
  readonly title?: string;
  readonly status?: number | string;
  readonly detail?: string;
  readonly message?: string;
  readonly installed_version?: string;
  readonly current_version?: string | null;
  readonly [field: string]: unknown;
}

export interface Asked {
  readonly token?: string | undefined;
  /** JSON, or a text that is sent as it is. */
  readonly body?: unknown;
  /** One with several values is sent several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/**
 * Asks, such as `POST /providers/install`. The path is sent byte by byte: nothing is normalised on the way, as `fetch` would.
 * One connection for each, as curl has it.
 */
export function ask(address: string, line: string, { token, body, headers = {} }: Asked = {}): Promise<Answer> {
  const [method = '', path = ''] = line.split(/ (.*)/s);
  const { hostname, port } = new URL(address);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const sent = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(text !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
    }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, method, path, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const received = Buffer.concat(chunks).toString();
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: received,
          body: received.startsWith('{') || received.startsWith('[') ? (JSON.parse(received) as Body) : {},
        });
      });
    });
    for (const [name, value] of Object.entries(sent)) {
      asking.setHeader(name, value);
    }
    asking.on('error', reject);
    asking.end(text);
  });
}

/** An answer in the fewest words: `200`, or `409 ManagedElsewhere`. */
export function inShort({ status, body }: Answer): string {
  return status >= 400 ? `${status} ${body.type}` : String(status);
}

/** Where the API of an operator is, by the line that it logs when it starts. */
export function apiOf({ output }: Pick<OperatorProcess, 'output'>): string {
  const address = /"api":"(http:[^"]+)"/.exec(output())?.[1];
  if (address === undefined) {
    throw new Error(`No API was started: ${output()}`);
  }
  return address;
}

/**
 * Gives the operator's user the right to ask whose a token is and what its owner may do.
 * ONLY UNTIL deploy/rbac.yaml has these rights itself: then this function and its calls can go.
 */
export async function allowReviews(): Promise<void> {
  const name = 'provider-operator-reviews';
  const apiGroup = 'rbac.authorization.k8s.io';
  await apply(
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
        { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
      ],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects: [{ apiGroup, kind: 'User', name: 'provider-operator' }],
    },
  );
}

const READS = ['get', 'list', 'watch'];
/** What the roles `view` and `edit` of the chart give, and one with the verb of ours. */
export const VERBS = {
  none: [],
  view: READS,
  edit: [...READS, 'create', 'patch', 'delete'],
  override: [...READS, 'create', 'patch', 'delete', 'override'],
} as const;

/** Makes a service account with rights to the installations of its namespace, and returns an ordinary token of it. */
export async function addAccount(namespace: string, name: string, may: keyof typeof VERBS = 'edit'): Promise<string> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = { name, namespace };
  const rule = { apiGroups: ['provider-operator.io'], resources: ['providerinstallations'], verbs: VERBS[may] };
  await apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...(may === 'none'
      ? []
      : [
          { apiVersion: `${apiGroup}/v1`, kind: 'Role', metadata, rules: [rule] },
          {
            apiVersion: `${apiGroup}/v1`,
            kind: 'RoleBinding',
            metadata,
            roleRef: { apiGroup, kind: 'Role', name },
            subjects: [{ kind: 'ServiceAccount', name, namespace }],
          },
        ]),
  );
  return tokenOf(namespace, name);
}

export async function tokenOf(namespace: string, name: string, ...flags: readonly string[]): Promise<string> {
  return (await kubectl(['create', 'token', name, '-n', namespace, ...flags])).trim();
}

/** Makes a namespace with a service account `portal`, and returns its token. */
export async function addTenant(namespace: string): Promise<string> {
  await addNamespace(namespace);
  return addAccount(namespace, 'portal');
}

/** Creates objects with a manager that does not keep them, as `kubectl apply` would. */
export function create(...objects: readonly object[]): Promise<string> {
  return kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: objects });
}

/** What was written since it was made, by the audit log; but not what only asks, such as a review of a token. */
export interface Writes {
  list(): Promise<readonly AuditEvent[]>;
}

export async function followWrites(isOfInterest: (event: AuditEvent) => boolean): Promise<Writes> {
  const from = await auditEnd(auditLog());
  return {
    async list() {
      const writes: AuditEvent[] = [];
      for await (const event of auditEvents(auditLog(), from)) {
        const isWrite = ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(event.verb);
        if (isWrite && !event.resource.endsWith('reviews') && isOfInterest(event)) {
          writes.push(event);
        }
      }
      return writes;
    },
  };
}
