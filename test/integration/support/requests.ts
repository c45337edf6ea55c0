import { MARKER } from '../../../src/api/names.ts';
import { auditEvents, auditEnd, type AuditEvent } from '../../control-plane/audit.ts';

/**
 * The requests of one client to the API server, by verb and resource: `patch deployments` → 3, `mark controllerrevisions`
 * → 1.
 */
export type Requests = Readonly<Record<string, number>>;

/** Which client's requests to count, and which of them to leave out. */
export interface RequestFilter {
  /** The beginning of the user agent. */
  readonly userAgent: string;
  /** Counts only requests for which this holds. */
  readonly where?: (event: AuditEvent) => boolean;
}

/** The operator's user agent up to its version and instance, so that any of its processes matches. */
export const OPERATOR = 'provider-operator/';

/** Whether a running operator asks for this even when there is nothing to do: it watches, and renews its Lease. */
export function isAtRest({ verb, resource }: AuditEvent): boolean {
  return verb === 'watch' || resource === 'leases';
}

/** Returns the end of the log, from where later requests are counted. */
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

/**
 * Names a request, such as `patch deployments` or `patch providerinstallations/status`. One manager patches a record,
 * and another marks it.
 */
function describeRequest({ verb, resource, subresource, manager }: AuditEvent): string {
  const what = verb === 'patch' && manager === MARKER ? 'mark' : verb;
  return `${what} ${[resource, subresource].filter(Boolean).join('/')}`;
}
