import { MARKER } from '../../../src/api/names.ts';
import { auditEvents, auditEnd, type AuditEvent } from '../../control-plane/audit.ts';

/**
 * The requests of one client to the API server, by verb and resource: `patch deployments` → 3, `mark controllerrevisions`
 * → 1.
 */
export type Requests = Readonly<Record<string, number>>;

/** Who asks, and what of it to leave out. */
export interface RequestFilter {
  /** The beginning of the user agent. */
  readonly userAgent: string;
  /** Only requests that this holds for. */
  readonly where?: (event: AuditEvent) => boolean;
}

/** The operator, whichever process of it: its user agent goes on with its version and its instance. */
export const OPERATOR = 'provider-operator/';

/** Whether a running operator asks for this even when there is nothing to do: it watches, and renews its Lease. */
export function isAtRest({ verb, resource }: AuditEvent): boolean {
  return verb === 'watch' || resource === 'leases';
}

/** Where the log ends now: what is asked from here on is counted from here. */
export const now = auditEnd;

/** Counts requests that were answered since `from`. A watch counts when it begins. */
export async function countRequests(auditLog: string, from: number, filter: RequestFilter): Promise<Requests> {
  const { userAgent, where = () => true } = filter;
  const counts = new Map<string, number>();
  for await (const event of auditEvents(auditLog, from)) {
    const isEndOfWatch = event.verb === 'watch' && event.stage === 'ResponseComplete' && event.code === 200;
    if (event.userAgent.startsWith(userAgent) && !isEndOfWatch && where(event)) {
      const what = describeRequest(event);
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function total(requests: Requests): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/** `patch deployments`, `patch providerinstallations/status`; a record is patched by one manager and marked by another. */
function describeRequest({ verb, resource, subresource, manager }: AuditEvent): string {
  const what = verb === 'patch' && manager === MARKER ? 'mark' : verb;
  return `${what} ${[resource, subresource].filter(Boolean).join('/')}`;
}
